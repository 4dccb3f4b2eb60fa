import type { CreditPeriod } from '../quotas/repository.ts';
import type { Period } from '../quotas/rules.ts';
import type { DaySpend } from '../spend/repository.ts';
import { type Day, type SpendCaps, TRIAGE_TARGET_MICRO_USD, usd } from '../spend/rules.ts';
import { type AlertKind, alertKey, type Finding, type Known } from './rules.ts';

const NEARLY = 0.8;

/** How far a limit is used: from four fifths on, and when nothing more has room in it. No limit is no news. */
export function levelOf(used: number, limit: number, unit: number): 80 | 100 | null {
  if (limit <= 0) return null;
  if (used + unit > limit) return 100;
  return used >= limit * NEARLY ? 80 : null;
}

type Limit = {
  kind: AlertKind;
  /** The day or month that the limit is of. */
  period: string;
  used: number;
  limit: number;
  /** What one triage takes of it. */
  unit: number;
  sentences: Record<80 | 100, string>;
};

/** A tenant's budget of the day. */
export const tenantBudget = (spend: DaySpend, caps: SpendCaps, { date }: Day): Limit => ({
  kind: 'tenant_budget',
  period: date,
  used: spend.tenantMicroUsd,
  limit: caps.tenantMicroUsd,
  unit: TRIAGE_TARGET_MICRO_USD,
  sentences: {
    80: `80 % of your budget of ${usd(caps.tenantMicroUsd)} for ${date} is spent. At 100 % scans that have begun wait for the next day, and no others begin: begin what matters first, or ask for a larger budget.`,
    100: `Your budget of ${usd(caps.tenantMicroUsd)} for ${date} is spent: scans and imports that have begun go on at 00:00 UTC, other scans have to be asked for again then. Ask for a larger budget if that is too late.`,
  },
});

/** A tenant's credits of the month. */
export const tenantCredits = (credits: CreditPeriod, { month, endsAt }: Period): Limit => ({
  kind: 'credits',
  period: month.slice(0, 7),
  used: credits.used,
  limit: credits.granted,
  unit: 1,
  sentences: {
    80: `80 % of your ${credits.granted} credits of ${month.slice(0, 7)} are used; the next ones come on ${dateOf(endsAt)}. Scan what matters first, or buy more.`,
    100: `All ${credits.granted} credits of ${month.slice(0, 7)} are used: nothing more can be scanned before ${dateOf(endsAt)}. Buy more if it has to be.`,
  },
});

/** The budget of all tenants together. */
export const globalBudget = (spend: DaySpend, caps: SpendCaps, { date }: Day): Limit => ({
  kind: 'global_budget',
  period: date,
  used: spend.globalMicroUsd,
  limit: caps.globalMicroUsd,
  unit: TRIAGE_TARGET_MICRO_USD,
  sentences: {
    80: `80 % of the installation's budget of ${usd(caps.globalMicroUsd)} for ${date} is spent. At 100 % scans of every tenant that have begun wait for the next day, and no others begin: look who spends it, or raise AGOS_GLOBAL_DAILY_USD.`,
    100: `The installation's budget of ${usd(caps.globalMicroUsd)} for ${date} is spent: scans and imports of every tenant that have begun go on at 00:00 UTC, other scans have to be asked for again then. Raise AGOS_GLOBAL_DAILY_USD if that is too late.`,
  },
});

/** What is to be told of a limit: the higher level takes the place of the lower one, and a person's word holds for its period. */
export function limitFindings(limit: Limit, now: Date, known: Known): Finding[] {
  const level = levelOf(limit.used, limit.limit, limit.unit);
  if (level === null) return [];
  const cause = { kind: limit.kind, subject: `${limit.period}/${level}` };
  const key = alertKey(cause);
  if (known.settled.has(key)) return [];
  return [
    {
      ...cause,
      severity: level === 100 ? 'critical' : 'warning',
      summary: limit.sentences[level],
      fresh: known.open.has(key) ? 0 : 1,
      seenAt: now,
    },
  ];
}

const dateOf = (moment: Date): string => moment.toISOString().slice(0, 10);
