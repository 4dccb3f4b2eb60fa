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

/** A switch, on or off, whose receipt is asked for; `tenant` is null for the global one. */
export type SwitchedTime = { tenant: string | null; turnedOnAt: Date; turnedOffAt: Date | null };

/** What a switch met: what was at work, what of it has stopped, what has not, and what had already happened. */
export type Receipt = {
  runsOpen: number;
  running: RunStepRow[];
  acknowledged: RunStepRow[];
  notStopped: RunStepRow[];
  before: {
    since: Date;
    steps: { count: number; latest: RunStepRow[] };
    audits: { count: number; latest: EndedAudit[] };
  };
};

const USUAL_LOOK_BACK_MS = 60_000;

/** Reads the receipt of a switch as it stands now: a late acknowledgement shows in a later reading. */
export async function readReceipt(
  tx: Tx,
  { tenant, turnedOnAt: from, turnedOffAt: until }: SwitchedTime,
  since: Date = new Date(from.getTime() - USUAL_LOOK_BACK_MS),
): Promise<Receipt> {
  const running = await findStepsDuring(tx, { tenant, from, until });
  return {
    runsOpen: await countRunsAt(tx, { tenant, from, until }),
    running,
    acknowledged: running.filter(hasAcknowledged),
    notStopped: running.filter((step) => !hasAcknowledged(step)),
    before: {
      since,
      steps: await findStepsBefore(tx, { tenant, since, from }),
      audits: await findAuditsBefore(tx, { tenant, since, from }),
    },
  };
}

/** Its worker said how it ended; who is silent may still be at work. */
function hasAcknowledged({ endedAt, outcome }: RunStepRow): boolean {
  return endedAt !== null && outcome !== 'lost';
}

const ANSWER_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 100;

/** Reads the receipt until everything has stopped, for three seconds at most: whoever asks is in a hurry. */
export async function awaitReceipt(read: () => Promise<Receipt>): Promise<Receipt> {
  const deadline = performance.now() + ANSWER_WITHIN_MS;
  for (;;) {
    const receipt = await read();
    if (receipt.notStopped.length === 0 || performance.now() >= deadline) return receipt;
    await sleep(LOOK_EVERY_MS);
  }
}
