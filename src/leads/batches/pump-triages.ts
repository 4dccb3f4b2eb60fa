import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { ImportLeadsInput } from '../../../workflows/leads/import-leads/messages.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import type { RunRow } from '../../journal/runs/repository.ts';
import { systemScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { ADMISSION_HOLD_CODES, type AdmissionHoldCode, type Hold } from '../../kernel/holds.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { holdUnstarted } from '../leads/hold-unstarted.ts';
import { requesterOf } from './end-import.ts';
import {
  countWaiting,
  findUnasked,
  settleDecided,
  settleUnscannable,
  type Waiting,
} from './pending-items.ts';
import { lockBatch } from './repository.ts';
import { settleItems } from './settle-items.ts';

export type PumpDeps = {
  db: Database;
  clock: Clock;
  /** Asks for a triage in the caller's transaction; Room 1's verb, which leads may not import. */
  requestTriage(
    ctx: RequestContext,
    input: { leadId: string; trigger: 'import' },
  ): Promise<{ run: RunRow; created: boolean }>;
  /** Starts a committed run, now or by the sweep. */
  startSoon(run: RunRow): Promise<unknown>;
};

export type PumpOptions = {
  /** Scans of one batch that may be open at a time. */
  window: number;
  pollMs: number;
  durationMs: number;
  signal: AbortSignal;
  onWaiting(waiting: Waiting): void;
};

const ASKS_AT_ONCE = 5;

/** What the refusal of a request leaves out: nobody waits for this one, and nothing asks again. */
const NOT_BY_ITSELF =
  'This scan does not start by itself: once it may, ask for it again with `agos triage URL` or `POST /v1/leads/{id}/triage`.';

/**
 * Keeps a window of a batch's scans open until nothing but a person is waited for, or the time is over.
 * What is open is counted in the database each time, so a scan that ends in any way frees its place.
 */
export async function pumpTriages(
  deps: PumpDeps,
  input: ImportLeadsInput,
  options: PumpOptions,
): Promise<{ done: boolean; open: number }> {
  const deadline = deps.clock.now().getTime() + options.durationMs;
  for (;;) {
    const state = await look(deps, input, options.window);
    if (!state) return { done: true, open: 0 };
    options.onWaiting(state.waiting);
    const { open, unasked } = state.waiting;
    if (open + unasked === 0) return { done: true, open };
    const limit = pLimit(ASKS_AT_ONCE);
    let stopped = false;
    await limit.map(state.leadIds, async (leadId) => {
      options.signal.throwIfAborted();
      if (!stopped && (await ask(deps, input, leadId)) === 'stopped') stopped = true;
    });
    if (deps.clock.now().getTime() >= deadline) return { done: false, open: open + state.leadIds.length };
    if (state.leadIds.length === 0 || stopped)
      await sleep(options.pollMs, undefined, { signal: options.signal });
  }
}

/** Settles what has ended meanwhile, then tells how much is open and which leads come next; null once the batch has ended. */
async function look(
  deps: PumpDeps,
  input: ImportLeadsInput,
  window: number,
): Promise<{ waiting: Waiting; leadIds: string[] } | null> {
  const batch = { tenant: input.tenant, id: input.batch_id };
  return deps.db.withTenant(scopeOf(input), async (tx) => {
    if (!(await isOpen(tx, input))) return null;
    await settleDecided(tx, batch);
    const waiting = await countWaiting(tx, batch);
    const free = Math.max(0, window - waiting.open);
    return { waiting, leadIds: await findUnasked(tx, batch, Math.min(free, waiting.unasked)) };
  });
}

/** Asks for one scan; `stopped` leaves the lead for later, when the kill switch is off again. */
async function ask(deps: PumpDeps, input: ImportLeadsInput, leadId: string): Promise<'asked' | 'stopped'> {
  const { db } = deps;
  const scope = scopeOf(input);
  try {
    const run = await db.withTenant(scope, async (tx) => {
      // Holding the batch against its end: nothing is asked for after a cancellation has looked for open scans.
      if (!(await isOpen(tx, input))) return null;
      const ctx = { tx, scope, requestId: requesterOf(input), address: null };
      const { run, created } = await deps.requestTriage(ctx, { leadId, trigger: 'import' });
      return created ? run : null;
    });
    if (run) await deps.startSoon(run);
  } catch (error) {
    if (error instanceof AgosError && error.code === 'kill_switch_on') return 'stopped';
    const refusal = refusalOf(error);
    if (refusal) {
      await refuse(deps, input, leadId, refusal);
      return 'asked';
    }
    if (!isUnscannable(error)) throw error;
    await db.withTenant(scope, (tx) =>
      settleUnscannable(tx, { tenant: input.tenant, id: input.batch_id }, leadId),
    );
  }
  return 'asked';
}

/** The lead stays and says why it was not scanned; its lines count as errors, and a scan may be asked for later. */
async function refuse(
  { db, clock }: PumpDeps,
  input: ImportLeadsInput,
  leadId: string,
  hold: Hold<AdmissionHoldCode>,
): Promise<void> {
  const { tenant } = input;
  await db.withTenant(scopeOf(input), async (tx) => {
    await holdUnstarted({ tx, now: clock.now() }, { tenant, id: leadId }, hold);
    await settleItems(tx, tenant, leadId, 'error');
  });
}

function refusalOf(error: unknown): Hold<AdmissionHoldCode> | null {
  if (!(error instanceof AgosError)) return null;
  const code = ADMISSION_HOLD_CODES.find((one) => one === error.code);
  return code ? { code, message: `${error.message} ${NOT_BY_ITSELF}` } : null;
}

/** The lead was removed, or has moved on to a room from which no scan leads back. */
function isUnscannable(error: unknown): boolean {
  return (
    error instanceof AgosError && (error.code === 'not_found' || error.code === 'status_transition_invalid')
  );
}

async function isOpen(tx: Tx, input: ImportLeadsInput): Promise<boolean> {
  const batch = await lockBatch(tx, input.tenant, input.batch_id, 'share');
  return batch?.status === 'processing';
}

const scopeOf = (input: ImportLeadsInput) => systemScope(input.tenant, input.principal_id);
