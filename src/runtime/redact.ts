const REPLACEMENT = '[redacted]';

/**
 * What a secret looks like when it stands in a text: API keys, bearer tokens, JWTs, passwords in URLs.
 * Strangers choose the text: no pattern may begin at every sign and run far, or one request stops the process.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/agos_[0-9a-z]{8}_[\w-]{20,}/gi, REPLACEMENT],
  [/whsec_[\w+/=-]{20,}/gi, REPLACEMENT],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?/g, REPLACEMENT],
  [/\b(bearer|basic)\s+[\w.~+/=-]{16,}/gi, `$1 ${REPLACEMENT}`],
  [/\bsk-[\w-]{16,}/g, REPLACEMENT],
  [/([a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@"']*):[^\s@/"']+@/gi, `$1:${REPLACEMENT}@`],
  [
    /((?:api[_-]?key|password|passwd|secret|token|signature)\\*["']?\s*[:=]\s*\\*["']?)[^\s"'&,}\\]{6,}/gi,
    `$1${REPLACEMENT}`,
  ],
  [
    /([?&](?:key|sig|auth|code|jwt|pass|pwd|sid|session\w{0,20}|credentials?|x-amz-[\w-]{1,40})=)[^\s"'&<>\\]{6,}/gi,
    `$1${REPLACEMENT}`,
  ],
];

/** Removes what looks like a secret from a text that goes to a log, a response or a history. */
export function redactText(text: string): string {
  return SECRETS.reduce((result, [pattern, by]) => result.replace(pattern, by), text);
}
