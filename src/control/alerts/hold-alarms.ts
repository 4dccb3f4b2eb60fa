import type { HoldCode } from '../../kernel/holds.ts';
import type { AlertSeverity } from './rules.ts';

/** When leads that are held for one reason are worth an alert, and what somebody can do about it. */
export type HoldAlarm = {
  /** So many leads; `many` is the setting, and counts those of the last day only. */
  least: number | 'many';
  severity: AlertSeverity;
  advice: string;
  /** Only who runs the installation can mend it, so it is told there too. */
  ofInstallation?: true;
};

const many = (advice: string): HoldAlarm => ({ least: 'many', severity: 'warning', advice });
const SOURCE = 'Look at where these leads come from.';
const broken = (advice: string): HoldAlarm => ({
  least: 1,
  severity: 'critical',
  advice,
  ofInstallation: true,
});
const waits = (advice: string): HoldAlarm => ({ least: 1, severity: 'warning', advice });

/**
 * One dead website is nobody's alarm, many of them are; what people can mend is one from the first lead on.
 * A scan that somebody cancelled is what somebody wanted.
 */
export const HOLD_ALARMS: Record<HoldCode, HoldAlarm | null> = {
  unreachable: many('Look whether the workers reach the internet and its names; else the sites are gone.'),
  domain_parked: many(SOURCE),
  http_error: many(SOURCE),
  blocked: many('Sites refuse the scanner: look whether its address is on a list, and scan fewer at a time.'),
  not_html: many(SOURCE),
  redirect_forbidden: many(SOURCE),
  too_many_redirects: many(SOURCE),
  page_timeout: many('Look whether the workers have enough CPU time and network; else the sites are slow.'),
  page_too_large: many(SOURCE),
  target_forbidden: many(SOURCE),
  browser_crashed: {
    least: 5,
    severity: 'warning',
    advice: 'Look whether the workers have enough memory for their browsers.',
    ofInstallation: true,
  },
  browser_sandbox_unavailable: broken(
    'The browser has no sandbox on a worker: `agos doctor` there says what it lacks.',
  ),
  cancelled: null,
  run_terminated: waits('An operator ended their runs in Temporal.'),
  run_timed_out: waits('Their runs took longer than they may: look at the queues of the installation.'),
  run_stuck: broken('A worker has a wrong payload key or build: put it right.'),
  run_lost: broken('Temporal does not know their runs any more: look whether it was restored or emptied.'),
  worker_lost: broken(
    'Workers went away at every try: look whether they are restarted again and again, or run out of memory. Where it is the same site each time, it may be what ends them.',
  ),
  kill_switch_on: waits('A kill switch stopped them: it has to be off before they are scanned again.'),
  internal_error: broken('A step failed for a reason of our own: the worker log says which.'),
  tenant_suspended: waits('The tenant is suspended.'),
  subscription_inactive: waits('The subscription is not active: it has to be renewed first.'),
  quota_exceeded: waits('The quota of this month is used up: ask for more, or wait for the next month.'),
  credits_exhausted: waits('The credits of this month are used up: buy more, or wait for the next month.'),
  budget_exceeded: waits(
    'The budget of a day or of a month was used up: there is a new one each day, or each month, at 00:00 UTC.',
  ),
};
