/** `suspended` refuses every new work and the next step of work that has begun, `closed` every request as well. */
export const TENANT_STATUSES = ['active', 'suspended', 'closed'] as const;
export type TenantStatus = (typeof TENANT_STATUSES)[number];

/** What a tenant has bought: volume, never features (seed 003, part 1B). */
export const PLANS = ['ignition', 'velocity', 'dominance'] as const;
export type Plan = (typeof PLANS)[number];

/** Seed 003, part 5; a trial is a plan whose subscription is `trialing`. */
export const SUBSCRIPTION_STATUSES = ['trialing', 'active', 'past_due', 'cancelled', 'paused'] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];
