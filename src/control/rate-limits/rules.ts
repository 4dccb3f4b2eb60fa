import type { Plan } from '../../access/tenants/rules.ts';

/** A bucket of `burst` requests that fills again by so many each minute. */
export type Rate = { perMinute: number; burst: number };

/** Seed 001, "Rate Limiting": its three tiers in the order of our plans. */
export const PLAN_RATES: Record<Plan, Rate> = {
  ignition: { perMinute: 60, burst: 100 },
  velocity: { perMinute: 300, burst: 500 },
  dominance: { perMinute: 1_000, burst: 2_000 },
};

/** Attempts without valid credentials, by address: what the smallest plan has. */
export const STRANGER_RATE: Rate = PLAN_RATES.ignition;

/** Emergencies, by sender and process: enough for whoever stops work and watches, too little for anything else. */
export const EMERGENCY_RATE: Rate = { perMinute: 60, burst: 20 };

/** The same by tenant: ten who use all that one has are more than any incident brings together, and more keys get no more. */
export const TENANT_EMERGENCY_RATE: Rate = { perMinute: 600, burst: 200 };

/** How full a bucket is: `used` in parts of a request, each a 60,000th, so that milliseconds times a rate is whole. */
export type Bucket = { used: number; atMs: number };

/** One request in parts. */
export const REQUEST_PARTS = 60_000;

/** What a bucket holds after time has passed; a clock that went back lets nothing pass. */
export function drained({ used, atMs }: Bucket, { perMinute, burst }: Rate, nowMs: number): Bucket {
  const left = Math.min(used, burst * REQUEST_PARTS) - Math.max(0, nowMs - atMs) * perMinute;
  return { used: Math.max(0, left), atMs: nowMs };
}

/** How many requests a bucket has left, and the milliseconds until the next one and until all are back. */
export function roomOf(
  used: number,
  { perMinute, burst }: Rate,
): { remaining: number; nextMs: number; fullMs: number } {
  const room = burst * REQUEST_PARTS - used;
  const remaining = Math.floor(room / REQUEST_PARTS);
  const missing = Math.min(used, (remaining + 1) * REQUEST_PARTS - room);
  return { remaining, nextMs: Math.ceil(missing / perMinute), fullMs: Math.ceil(used / perMinute) };
}
