import type { Plan } from '../../access/tenants/rules.ts';

/** What a plan buys in one calendar month. */
export type PlanLimits = {
  /** Triages of the whole tenant; one takes one credit. */
  credits: number;
  /** Triages that one user may ask for. */
  triagesPerUser: number;
};

/**
 * Credits are the lead pools of seed 003. The quota of a user is the 1,000 of seed 000 on the smallest plan
 * and the same share of the pool on the larger ones; a trial has what its plan has.
 */
export const PLAN_LIMITS: Record<Plan, PlanLimits> = {
  ignition: { credits: 1_250, triagesPerUser: 1_000 },
  velocity: { credits: 2_250, triagesPerUser: 1_800 },
  dominance: { credits: 4_500, triagesPerUser: 3_600 },
};

/** One calendar month in UTC: its first day as a date, and the moment when the next one begins. */
export type Period = { month: string; endsAt: Date };

/** The period of a moment; nobody has to have opened it. */
export function periodOf(now: Date): Period {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth();
  return { month: firstDay(year, month), endsAt: new Date(Date.UTC(year, month + 1, 1)) };
}

/** Seconds from one moment to a later one, at least 1. */
export function secondsUntil(later: Date, now: Date): number {
  return Math.max(1, Math.ceil((later.getTime() - now.getTime()) / 1_000));
}

function firstDay(year: number, month: number): string {
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);
}
