/** Why a lead's work could not finish although the site could be asked: the fault is the site's. */
export const SITE_HOLD_CODES = [
  'unreachable',
  'domain_parked',
  'http_error',
  'blocked',
  'not_html',
  'redirect_forbidden',
  'too_many_redirects',
  'page_timeout',
  'page_too_large',
  'browser_crashed',
  'target_forbidden',
  'browser_sandbox_unavailable',
] as const;

/** Why a lead's work could not finish for a reason that is not the site's. */
export const RUN_HOLD_CODES = [
  'cancelled',
  'run_terminated',
  'run_timed_out',
  'run_stuck',
  'run_lost',
  'worker_lost',
  'kill_switch_on',
  'internal_error',
] as const;

/** Why an import may not start a lead's work: the codes with which admission refuses. */
export const ADMISSION_HOLD_CODES = [
  'tenant_suspended',
  'subscription_inactive',
  'quota_exceeded',
  'credits_exhausted',
  'budget_exceeded',
] as const;

export const HOLD_CODES = [...SITE_HOLD_CODES, ...RUN_HOLD_CODES, ...ADMISSION_HOLD_CODES] as const;

export type SiteHoldCode = (typeof SITE_HOLD_CODES)[number];
export type RunHoldCode = (typeof RUN_HOLD_CODES)[number];
export type AdmissionHoldCode = (typeof ADMISSION_HOLD_CODES)[number];
export type HoldCode = SiteHoldCode | RunHoldCode | AdmissionHoldCode;

/** Why work on a lead stopped without a result: a code and a sentence that says what to do. */
export type Hold<C extends HoldCode = HoldCode> = { code: C; message: string };

/** A site that could not be scanned; carries the hold that its lead gets. */
export class SiteHoldError extends Error {
  readonly hold: Hold<SiteHoldCode>;

  constructor(code: SiteHoldCode, message: string) {
    super(message);
    this.name = 'SiteHoldError';
    this.hold = { code, message };
  }
}
