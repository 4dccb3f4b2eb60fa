import type { Arrival } from '../../access/identity/identity.ts';

/** How a sender stands once a request of theirs was counted. */
export type Standing = {
  /** Whose limit it is: the tenant's by its plan, a sender's for emergencies, an address's without valid credentials. */
  policy: 'plan' | 'emergency' | 'address';
  perMinute: number;
  burst: number;
  refused: boolean;
  remaining: number;
  /** Until one more request is allowed, and until as many as `burst` are. */
  nextMs: number;
  fullMs: number;
};

/** Counts requests; null where none can be counted. */
export type RateLimits = {
  /** What this process knows without asking: for a moment yet these credentials have no request left. */
  knownOf(request: Request, policy: 'plan' | 'emergency'): Standing | null;
  ofTenant(request: Request, arrival: Pick<Arrival, 'tenant' | 'scope'>): Promise<Standing | null>;
  /** What a flood of the tenant's own may not keep out: it is counted apart, by sender. */
  ofEmergency(request: Request, arrival: Pick<Arrival, 'tenant' | 'scope'>): Standing;
  ofStranger(address: string): Standing;
};

/** The header fields of the IETF's draft (`draft-ietf-httpapi-ratelimit-headers`), and those of seed 001 beside them. */
export function rateHeaders(standing: Standing, now: Date): Record<keyof typeof RATE_HEADERS, string> {
  const { policy, perMinute, burst, remaining, nextMs } = standing;
  return {
    'RateLimit-Policy': `"${policy}";q=${burst};w=${Math.ceil((burst * 60) / perMinute)}`,
    RateLimit: `"${policy}";r=${remaining};t=${Math.ceil(nextMs / 1_000)}`,
    'X-RateLimit-Limit': String(perMinute),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(resetOf(standing, now)),
  };
}

/** What the document says of them. */
export const RATE_HEADERS = {
  'RateLimit-Policy': 'The limit that counts: `q` requests at once, which come back within `w` seconds.',
  RateLimit: 'Requests that are left (`r`), and the seconds until there is one more (`t`).',
  'X-RateLimit-Limit': 'Requests that come back each minute.',
  'X-RateLimit-Remaining': 'Requests that are left; at first as many as the plan allows at once.',
  'X-RateLimit-Reset': 'When all of them are back, in seconds since 1970.',
} as const;

/** When all requests are back, in seconds since 1970. */
export const resetOf = ({ fullMs }: Standing, now: Date): number => secondsOf(now.getTime() + fullMs);

/** Nobody is told to come back at once. */
export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));
