/**
 * How much may be spent, in micro-dollars: by each user in one calendar month, and on one UTC day by each
 * tenant and by all of them together.
 */
export type SpendCaps = { userMicroUsd: number; tenantMicroUsd: number; globalMicroUsd: number };

/** The caps as the settings give them, in dollars. */
export function spendCapsOf(settings: {
  AGOS_USER_MONTHLY_USD: number;
  AGOS_TENANT_DAILY_USD: number;
  AGOS_GLOBAL_DAILY_USD: number;
}): SpendCaps {
  const microUsd = (dollars: number) => Math.round(dollars * 1_000_000);
  return {
    userMicroUsd: microUsd(settings.AGOS_USER_MONTHLY_USD),
    tenantMicroUsd: microUsd(settings.AGOS_TENANT_DAILY_USD),
    globalMicroUsd: microUsd(settings.AGOS_GLOBAL_DAILY_USD),
  };
}

/** What seed 000 (appendix B) allows one triage to cost, model included: 0.007 USD. */
export const TRIAGE_TARGET_MICRO_USD = 7_000;

/** One day in UTC: its date, and the moment when the next one begins. */
export type Day = { date: string; endsAt: Date };

/** The day of a moment. */
export function dayOf(now: Date): Day {
  const endsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
  return { date: now.toISOString().slice(0, 10), endsAt };
}

/** What this much CPU time costs, rounded up. */
export function cpuCostMicroUsd(cpuMs: number, secondMicroUsd: number): number {
  return Math.ceil((cpuMs * secondMicroUsd) / 1_000);
}

/** `0.0070 USD`, or `0.000092 USD`: with as many places as it takes, four at least below a dollar. */
export function usd(microUsd: number): string {
  const dollars = microUsd / 1_000_000;
  return `${microUsd < 1_000_000 ? dollars.toFixed(6).replace(/0{1,2}$/, '') : dollars.toFixed(2)} USD`;
}
