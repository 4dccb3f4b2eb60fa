import { type ActivityInterfaceFor, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { TaskQueue } from '../../temporal/queues.ts';
import { NON_RETRYABLE_TYPES } from './failures.ts';

type Profile = ActivityOptions & { taskQueue: TaskQueue };

/** What every profile refuses to retry; an activity's other limits stand below. */
const nonRetryableErrorTypes = NON_RETRYABLE_TYPES;

/** How soon it shows that a worker is gone; it beats three times in that. */
const HEARTBEAT_TIMEOUT = '10s';

/**
 * How long each kind of work may take and how often it is tried: the one place where that is decided.
 * Work of over 30 s heartbeats, so that a lost worker shows within 10 s and not at the end of the time.
 */
export const ACTIVITY_PROFILES = {
  /** Database work takes milliseconds; an hour of tries outlasts a restart or a failover of the database. */
  core: {
    taskQueue: 'core',
    startToCloseTimeout: '30s',
    scheduleToCloseTimeout: '1h',
    retry: {
      initialInterval: '500ms',
      backoffCoefficient: 2,
      maximumInterval: '15s',
      nonRetryableErrorTypes,
    },
  },
  /** Redirects, robots and up to 50 links of one stranger: each request has its own limit inside. */
  fetch: {
    taskQueue: 'fetch',
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '10s',
      maximumAttempts: 3,
      nonRetryableErrorTypes,
    },
  },
  /** Two page loads of 15 s each, their pictures, and a wait for the machine's lock; a third try helps no page. */
  browser: {
    taskQueue: 'browser',
    startToCloseTimeout: '4m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '10s',
      maximumAttempts: 3,
      nonRetryableErrorTypes,
    },
  },
  /** Seconds to measure, but it waits until no browser pass of the machine is open; heartbeats while it waits. */
  lighthouse: {
    taskQueue: 'lighthouse',
    startToCloseTimeout: '10m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '10s',
      maximumAttempts: 3,
      nonRetryableErrorTypes,
    },
  },
  /** One answer of a model; the provider's Retry-After becomes the next delay, so few tries suffice. */
  model: {
    taskQueue: 'model',
    startToCloseTimeout: '3m',
    heartbeatTimeout: '15s',
    retry: {
      initialInterval: '2s',
      backoffCoefficient: 2,
      maximumInterval: '1m',
      maximumAttempts: 5,
      nonRetryableErrorTypes,
    },
  },
  /** Reads pictures and writes one file; CPU for a second or two, so not worth a queue of its own. */
  report: {
    taskQueue: 'core',
    startToCloseTimeout: '1m',
    scheduleToCloseTimeout: '1h',
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '30s',
      nonRetryableErrorTypes,
    },
  },
  /**
   * Minutes of database work that heartbeats how far it is. Each of its transactions looks whether the batch
   * goes on, so a cancelled one is not waited for; it is tried for as long as the database is away.
   */
  import: {
    taskQueue: 'imports',
    startToCloseTimeout: '10m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: 'TRY_CANCEL',
    retry: {
      initialInterval: '500ms',
      backoffCoefficient: 2,
      maximumInterval: '15s',
      nonRetryableErrorTypes,
    },
  },
  /** Asks one run after the other to end: seconds, or minutes while Temporal is slow. It waits behind no import. */
  cancelling: {
    taskQueue: 'core',
    startToCloseTimeout: '10m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: {
      initialInterval: '500ms',
      backoffCoefficient: 2,
      maximumInterval: '15s',
      nonRetryableErrorTypes,
    },
  },
  /**
   * Requests to one endpoint, each with its own limit of 20 s, for about as long again; its attempts are counted
   * in the database, so it is tried for as long as that is away.
   */
  outbound: {
    taskQueue: 'outbound',
    startToCloseTimeout: '2m',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry: {
      initialInterval: '1s',
      backoffCoefficient: 2,
      maximumInterval: '30s',
      nonRetryableErrorTypes,
    },
  },
  /** A pass over the runs; a Schedule brings the next one within seconds, so it is not repeated by itself. */
  sweep: {
    taskQueue: 'core',
    startToCloseTimeout: '45s',
    scheduleToStartTimeout: '30s',
    retry: { maximumAttempts: 1 },
  },
} as const satisfies Record<string, Profile>;

export type ActivityProfile = keyof typeof ACTIVITY_PROFILES;

/** Activities of one profile; `summary` is the line that the Web UI shows beside each call. */
export function proxyProfile<Activities>(
  profile: ActivityProfile,
  summary?: string,
): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    ...ACTIVITY_PROFILES[profile],
    ...(summary === undefined ? {} : { summary }),
  });
}
