import { SiteHoldError } from '../../kernel/holds.ts';

const NO_SANDBOX =
  /no usable sandbox|setuid sandbox|failed to move to new namespace|sandbox_linux|credentials\.cc|running as root without/i;
const NOT_PERMITTED =
  /setpriv: (.*(?:operation not permitted|permission denied|failed to execute|invalid argument).*)/i;

/** Turns a failed start into a hold that says what to do when the reason is the missing sandbox or user. */
export function explainLaunchFailure(
  error: unknown,
  { executablePath, uid }: { executablePath: string; uid: number | undefined },
): Error {
  const text = error instanceof Error ? error.message : String(error);
  const dropped = NOT_PERMITTED.exec(text);
  if (dropped) {
    return new SiteHoldError(
      'browser_sandbox_unavailable',
      `Chromium never runs as root, and ${executablePath} cannot be started as user ${uid} (${dropped[1]?.trim()}). ` +
        'Put Chromium where every user may execute it and name it in CHROMIUM_PATH, or start AgOS as an ordinary user.',
    );
  }
  if (NO_SANDBOX.test(text)) {
    return new SiteHoldError(
      'browser_sandbox_unavailable',
      'Chromium cannot have its sandbox on this machine, so no site is opened. Allow unprivileged user namespaces ' +
        '(sysctl user.max_user_namespaces, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0) ' +
        'or install the package chromium-sandbox.',
    );
  }
  return error instanceof Error ? error : new Error(text);
}
