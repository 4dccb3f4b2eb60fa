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
  countOpen,
  findUnasked,
  hasUnasked,
  settleDecided,
  settleUnscannable,
  type Waiting,
} from './pending-items.ts';
import { type BatchRow, changeBatch, lockBatch } from './repository.ts';
import { BATCH_PAUSE_CODES, type BatchPause } from './rules.ts';
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
/** While nothing changes, looks come ever less often, at last at a quarter of their pace. */
const SLOWEST_LOOKS = 4;

/** What a refusal that passes leaves out. */
const BY_ITSELF = 'This import goes on by itself then.';

/** What the refusal of a request leaves out: nobody waits for this one, and nothing asks again. */
const NOT_BY_ITSELF =
  'This scan does not start by itself: once it may, ask for it again with `agos triage URL` or `POST /v1/leads/{id}/triage`.';

/** How far a batch is, and why it asks for nothing more now. */
export type Pumped = { done: boolean; open: number; paused: BatchPause | null };

/**
 * Keeps a window of a batch's scans open until nothing but a person is waited for, or the time is over.
 * What is open is counted in the database each time, so a scan that ends in any way frees its place. What ended
 * without the batch being told is settled at first, and again when few lines are left. It ends early where the next
 * scans have to wait for something else than others of their batch.
 */
export async function pumpTriages(
  deps: PumpDeps,
  input: ImportLeadsInput,
  options: PumpOptions,
): Promise<Pumped> {
  const deadline = deps.clock.now().getTime() + options.durationMs;
  let last: Look | undefined;
  let pauseMs = options.pollMs;
  for (;;) {
    const now = await look(deps, input, { window: options.window, isFirst: last === undefined });
    if (!now) return { done: true, open: 0, paused: null };
    options.onWaiting(now.waiting);
    const { open } = now.waiting;
    if (now.done) return { done: true, open, paused: null };
    // While it is paused one lead is enough to find out whether it still is.
    const leadIds = now.paused ? now.leadIds.slice(0, 1) : now.leadIds;
    const paused = await askAll(deps, input, leadIds, options.signal);
    await notePause(deps, input, { was: now.paused, is: paused });
    if (paused) return { done: false, open, paused };
    if (deps.clock.now().getTime() >= deadline) return { done: false, open: open + leadIds.length, paused };
    const hasAsked = leadIds.length > 0;
    const isQuiet = !hasAsked && last?.waiting.open === open;
    pauseMs = isQuiet ? Math.min(pauseMs * 2, options.pollMs * SLOWEST_LOOKS) : options.pollMs;
    last = now;
    if (!hasAsked) await sleep(pauseMs, undefined, { signal: options.signal });
  }
}

/** What is open of a batch, which leads come next, and whether nothing but a person is waited for. */
type Look = { waiting: Waiting; leadIds: string[]; done: boolean; paused: BatchPause | null };

/** Reads how a batch stands, in the order that is cheapest while much of it waits; null once it has ended. */
async function look(
  deps: PumpDeps,
  input: ImportLeadsInput,
  { window, isFirst }: { window: number; isFirst: boolean },
): Promise<Look | null> {
  const batch = { tenant: input.tenant, id: input.batch_id };
  return deps.db.withTenant(scopeOf(input), async (tx) => {
    const row = await lockOpen(tx, input, 'share');
    if (!row) return null;
    const { paused } = row;
    if (isFirst) await settleDecided(tx, batch);
    const waiting = await countOpen(tx, batch);
    const free = Math.max(0, window - waiting.open);
    const leadIds = await findUnasked(tx, batch, free);
    if (leadIds.length === free) return { waiting, leadIds, done: false, paused };
    // Few are left, so that what was decided unheard is all that there is to settle.
    await settleDecided(tx, batch);
    const done = waiting.open + leadIds.length === 0 && !(await hasUnasked(tx, batch));
    return { waiting, leadIds, done, paused };
  });
}

/** Asks for these scans, and for no more of them once one was refused for now. */
async function askAll(
  deps: PumpDeps,
  input: ImportLeadsInput,
  leadIds: readonly string[],
  signal: AbortSignal,
): Promise<BatchPause | null> {
  const limit = pLimit(ASKS_AT_ONCE);
  let stopped = false;
  const answers = await limit.map(leadIds, async (leadId) => {
    signal.throwIfAborted();
    if (stopped) return null;
    const pause = await ask(deps, input, leadId);
    if (pause) stopped = true;
    return pause;
  });
  return answers.find((pause) => pause !== null) ?? null;
}

/** Asks for one scan; what pauses the import leaves the lead for later. */
async function ask(deps: PumpDeps, input: ImportLeadsInput, leadId: string): Promise<BatchPause | null> {
  const { db } = deps;
  const scope = scopeOf(input);
  try {
    const run = await db.withTenant(scope, async (tx) => {
      // Holding the batch against its end: nothing is asked for after a cancellation has looked for open scans.
      if (!(await lockOpen(tx, input, 'share'))) return null;
      const ctx = { tx, scope, requestId: requesterOf(input), address: null };
      const { run, created } = await deps.requestTriage(ctx, { leadId, trigger: 'import' });
      return created ? run : null;
    });
    if (run) await deps.startSoon(run);
  } catch (error) {
    const paused = pauseOf(error);
    if (paused) return paused;
    const refusal = refusalOf(error);
    if (refusal) {
      await refuse(deps, input, leadId, refusal);
      return null;
    }
    if (!isUnscannable(error)) throw error;
    await db.withTenant(scope, (tx) =>
      settleUnscannable(tx, { tenant: input.tenant, id: input.batch_id }, leadId),
    );
  }
  return null;
}

/** Tells people why nothing is asked for, or that the import goes on. */
async function notePause(
  { db }: PumpDeps,
  input: ImportLeadsInput,
  { was, is }: { was: BatchPause | null; is: BatchPause | null },
): Promise<void> {
  if (was?.code === is?.code && was?.message === is?.message) return;
  await db.withTenant(scopeOf(input), async (tx) => {
    if (!(await lockOpen(tx, input, 'update'))) return;
    await changeBatch(tx, input.tenant, input.batch_id, { paused: is });
  });
}

function pauseOf(error: unknown): BatchPause | null {
  if (!(error instanceof AgosError)) return null;
  const code = BATCH_PAUSE_CODES.find((one) => one === error.code);
  // A cap that is less than a scan may cost never has room: that does not pass.
  if (!code || (code === 'budget_exceeded' && error.details.available_at === undefined)) return null;
  return { code, message: `${error.message} ${BY_ITSELF}` };
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

async function lockOpen(
  tx: Tx,
  input: ImportLeadsInput,
  strength: 'update' | 'share',
): Promise<BatchRow | null> {
  const batch = await lockBatch(tx, input.tenant, input.batch_id, strength);
  return batch?.status === 'processing' ? batch : null;
}

const scopeOf = (input: ImportLeadsInput) => systemScope(input.tenant, input.principal_id);
