import { durationInWords } from '../../kernel/duration.ts';
import { alertKey, type Finding, type Known, risenBy } from './rules.ts';
import type { WaitingRuns } from './runs-in-trouble.ts';

const kind = 'queue_delay';
/** Subject of a tenant's own waiting runs; the installation's are named by their queue. */
const OWN_RUNS = 'runs';

/** What Temporal tells of one task queue. */
export type QueueDelay = { queue: string; waiting: number; oldestMs: number };

/** How long is too long; an alert that is open ends at half of it, so that it does not come and go. */
function limitOf(delayMs: number, known: Known, subject: string): number {
  return known.open.has(alertKey({ kind, subject })) ? delayMs / 2 : delayMs;
}

/** Since when a tenant's run has to have waited to be told of. */
export function waitingSince(now: Date, delayMs: number, known: Known): Date {
  return new Date(now.getTime() - limitOf(delayMs, known, OWN_RUNS));
}

/** What a tenant is told of its runs that nobody begins. */
export function waitingFindings({ total, oldest }: WaitingRuns, now: Date, known: Known): Finding[] {
  if (!oldest) return [];
  const subject = OWN_RUNS;
  const many = total === 1 ? 'A run waits' : `${total} runs wait`;
  const summary = `${many} to begin, since ${oldest.toISOString().slice(0, 16)}Z. They begin by themselves; if it goes on, tell who runs this installation.`;
  const fresh = risenBy(total, known.open.get(alertKey({ kind, subject })));
  return [{ kind, subject, severity: 'warning', summary, fresh, seenAt: now }];
}

/** What who runs the installation is told of its queues. */
export function queueFindings(
  delays: readonly QueueDelay[],
  { now, delayMs, known }: { now: Date; delayMs: number; known: Known },
): Finding[] {
  return delays.flatMap(({ queue, waiting, oldestMs }) => {
    const subject = queue;
    if (oldestMs < limitOf(delayMs, known, subject)) return [];
    const summary = `Work in the queue "${queue}" waits longer than ${durationInWords(delayMs)}. Look whether workers serve it (AGOS_QUEUES), and start more of them.`;
    const fresh = risenBy(Math.max(1, waiting), known.open.get(alertKey({ kind, subject })));
    return [{ kind, subject, severity: 'critical', summary, fresh, seenAt: now }];
  });
}
