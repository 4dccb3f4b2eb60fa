import { setTimeout as sleep } from 'node:timers/promises';
import type { Tx } from '../../runtime/database/database.ts';
import {
  countRunsAt,
  type EndedAudit,
  findAuditsBefore,
  findStepsBefore,
  findStepsDuring,
  type RunStepRow,
} from './run-steps.ts';
import { findWebhooksBefore, findWebhooksDuring, type WebhookAttempt } from './webhook-attempts.ts';

/** A switch, on or off, whose receipt is asked for; `tenant` is null for the global one. */
export type SwitchedTime = { tenant: string | null; turnedOnAt: Date; turnedOffAt: Date | null };

/** What a switch met: what was at work, what of it has stopped, what has not, and what had already happened. */
export type Receipt = {
  runsOpen: number;
  running: RunStepRow[];
  acknowledged: RunStepRow[];
  notStopped: RunStepRow[];
  webhooks: { acknowledged: WebhookAttempt[]; notStopped: WebhookAttempt[] };
  before: {
    since: Date;
    steps: { count: number; latest: RunStepRow[] };
    audits: { count: number; latest: EndedAudit[] };
    webhooks: { count: number; latest: WebhookAttempt[] };
  };
};

const USUAL_LOOK_BACK_MS = 60_000;

/** Reads the receipt of a switch as it stands now: a late acknowledgement shows in a later reading. */
export async function readReceipt(
  tx: Tx,
  switched: SwitchedTime,
  since: Date = new Date(switched.turnedOnAt.getTime() - USUAL_LOOK_BACK_MS),
): Promise<Receipt> {
  const { tenant, turnedOnAt: from } = switched;
  const before = {
    since,
    steps: await findStepsBefore(tx, { tenant, since, from }),
    audits: await findAuditsBefore(tx, { tenant, since, from }),
    webhooks: await findWebhooksBefore(tx, { tenant, since, from }),
  };
  const runsOpen = await countRunsAt(tx, { tenant, from });
  // Last, since it changes while the rest is counted.
  const { steps, webhooks } = await readAtWork(tx, switched);
  return {
    runsOpen,
    running: steps,
    acknowledged: steps.filter(hasAcknowledged),
    notStopped: steps.filter((step) => !hasAcknowledged(step)),
    webhooks: {
      acknowledged: webhooks.filter(isAnsweredFor),
      notStopped: webhooks.filter((webhook) => !isAnsweredFor(webhook)),
    },
    before,
  };
}

type AtWork = { steps: RunStepRow[]; webhooks: WebhookAttempt[] };

async function readAtWork(tx: Tx, { tenant, turnedOnAt, turnedOffAt }: SwitchedTime): Promise<AtWork> {
  const stopped = { tenant, from: turnedOnAt, until: turnedOffAt };
  return { steps: await findStepsDuring(tx, stopped), webhooks: await findWebhooksDuring(tx, stopped) };
}

/** Its worker said how it ended; who is silent may still be at work. */
function hasAcknowledged({ endedAt, outcome }: RunStepRow): boolean {
  return endedAt !== null && outcome !== 'lost';
}

function isAnsweredFor({ endedAt, error }: WebhookAttempt): boolean {
  return endedAt !== null && error !== 'lost';
}

/** What looked at the switch just before it was turned on has noted by then that it begins. */
const NOTED_WITHIN_MS = 300;
const ANSWER_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 100;

/**
 * Waits until everything has stopped, for three seconds at most, since whoever asks is in a hurry; then reads
 * the receipt. What had happened before cannot change meanwhile, so only what is at work is looked at again.
 */
export async function awaitReceipt(
  inTransaction: <T>(fn: (tx: Tx) => Promise<T>) => Promise<T>,
  switched: SwitchedTime,
): Promise<Receipt> {
  const startedAt = performance.now();
  await sleep(NOTED_WITHIN_MS);
  while (performance.now() < startedAt + ANSWER_WITHIN_MS) {
    const { steps, webhooks } = await inTransaction((tx) => readAtWork(tx, switched));
    if (steps.every(hasAcknowledged) && webhooks.every(isAnsweredFor)) break;
    await sleep(LOOK_EVERY_MS);
  }
  return inTransaction((tx) => readReceipt(tx, switched));
}
