/** Whether deliveries go to an endpoint. */
export const ENDPOINT_STATUSES = ['enabled', 'disabled'] as const;
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number];

/** Why an endpoint is disabled: somebody asked for it, it answered 410, or it has failed for days. */
export const DISABLED_REASONS = ['by_request', 'gone', 'failing'] as const;
export type DisabledReason = (typeof DISABLED_REASONS)[number];

export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Why an attempt did not succeed, or a delivery is given up; a closed list. */
export const DELIVERY_ERRORS = [
  'http_status',
  'redirect',
  'timeout',
  'unreachable',
  'target_forbidden',
  'secret_unreadable',
  'interrupted',
  'lost',
  'endpoint_disabled',
  'endpoint_deleted',
] as const;
export type DeliveryError = (typeof DELIVERY_ERRORS)[number];

/** The type of the event that only says that an endpoint works. */
export const TEST_EVENT = 'webhook.test';

export const MAX_ENDPOINTS = 20;
export const DEFAULT_OVERLAP_SECONDS = 24 * 3_600;
export const MAX_OVERLAP_SECONDS = 7 * 24 * 3_600;

/** How long deliveries are tried; the input of their workflow, so that tests bring short times. */
export type DeliveryTimes = {
  /** Pauses between attempts: one attempt more than there are pauses. */
  retry_delays_ms: number[];
  /** An endpoint that has failed for so long, without one success, is disabled. */
  disable_after_ms: number;
  /** Limit of one attempt, name look-up included. */
  timeout_ms: number;
};

/** Which endpoint is delivered to, and for how long it is tried. */
export type EndpointWork = { tenant: string; endpointId: string; times: DeliveryTimes };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The schedule that Standard Webhooks suggests: the first attempt at once, the tenth after about three days. */
export const DELIVERY_TIMES: DeliveryTimes = {
  retry_delays_ms: [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
  ],
  disable_after_ms: 5 * 24 * HOUR,
  timeout_ms: 20 * SECOND,
};

/** So many deliveries of one endpoint go out side by side; one that fails is asked one by one. */
export const AT_ONCE = { healthy: 4, failing: 1 } as const;

/** Up to a fifth is added to each pause, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * The pause after an attempt that failed, in milliseconds, or null when it was the last one. `random` is
 * between 0 and 1; what the receiver asks for counts, up to the longest pause.
 */
export function pauseAfter(
  { retry_delays_ms: delays }: DeliveryTimes,
  { tries, random, askedMs }: { tries: number; random: number; askedMs: number | null },
): number | null {
  const delay = delays[tries - 1];
  if (delay === undefined) return null;
  const asked = Math.min(askedMs ?? 0, longestPause(delays));
  return Math.max(Math.round(delay * (1 + JITTER * random)), asked);
}

/** The longest pause of a schedule, in milliseconds: no receiver may ask for a longer one. */
export function longestPause(delays: readonly number[]): number {
  return Math.max(0, ...delays);
}

/**
 * Since when an endpoint that fails now has failed. A failure before it that is longer ago than any pause
 * between two tries belongs to another time: in between, nothing was due.
 */
export function failingSince(
  { retry_delays_ms: delays, timeout_ms: timeoutMs }: DeliveryTimes,
  before: { failingSince: Date | null; lastFailedAt: Date | null },
  now: Date,
): Date {
  const longestQuietMs = longestPause(delays) * (1 + JITTER) + timeoutMs;
  const quietMs = now.getTime() - (before.lastFailedAt?.getTime() ?? 0);
  return before.failingSince && quietMs <= longestQuietMs ? before.failingSince : now;
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/;

/** What `Retry-After` asks for, in milliseconds from `now`; null without one that can be read. */
export function retryAfterMs(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND;
  const at = HTTP_DATE.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
