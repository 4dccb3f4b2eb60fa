import { AgosError } from '../../kernel/errors.ts';

/** One for ten bytes of the largest file: a value with its name takes more, unless somebody means harm. */
export const MAX_PARTS = 1_000_000;
/** An Airtable view goes eight levels deep, where its attachments are. */
const MAX_DEPTH = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Refuses text that would become many times its bytes when it is parsed: `[{},{},...]`, or `[[[...`. Throws
 * `validation_failed`; whether the text is JSON at all is for the parser to say.
 */
export function requireModestJson(text: string): void {
  let parts = 0;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) quoted = false;
      continue;
    }
    if (code === QUOTE) quoted = true;
    else if (code === COMMA) parts += 1;
    else if (OPENING.has(code)) {
      parts += 1;
      depth += 1;
      if (depth > MAX_DEPTH) throw refusal(`is nested more than ${MAX_DEPTH} levels deep`);
    } else if (CLOSING.has(code)) depth -= 1;
    if (parts > MAX_PARTS) throw refusal(`has more than ${MAX_PARTS.toLocaleString('en')} values`);
  }
}

function refusal(what: string): AgosError {
  return new AgosError('validation_failed', `The file ${what}. Send less in one file, or send CSV.`);
}
