import { Context } from '@temporalio/activity';
import { type CancelDeps, cancelRun } from '../../src/journal/runs/cancel-run.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import { AgosError } from '../../src/kernel/errors.ts';
import { beginImport, type ImportPlan } from '../../src/leads/batches/begin-import.ts';
import {
  endImport,
  findOpenTriages,
  type ImportEnd,
  requesterOf,
} from '../../src/leads/batches/end-import.ts';
import { type ImportFileDeps, importLines, type ReadLimits } from '../../src/leads/batches/import-file.ts';
import { type PumpDeps, pumpTriages } from '../../src/leads/batches/pump-triages.ts';
import type { BatchPause } from '../../src/leads/batches/rules.ts';
import type { Tx } from '../../src/runtime/database/database.ts';
import { goesOn, TriedLonger } from '../../temporal/failures.ts';
import { withHeartbeat } from '../../temporal/heartbeat.ts';
import { temporalRun } from '../../temporal/temporal-run.ts';
import type { ImportLeadsInput, ImportPosition } from '../../workflows/leads/import-leads/messages.ts';

export type ImportLeadsDeps = ImportFileDeps &
  PumpDeps &
  CancelDeps & {
    /** How much one call does before the workflow takes a note of it; tests set smaller ones. */
    limits?: Partial<ImportLimits>;
  };

export type ImportLimits = {
  /** Scans of one batch that may be open at a time. */
  window: number;
  pollMs: number;
  /** How long an attempt keeps its slot, and after how long the workflow hears how far it is. */
  pumpMs: number;
  reportMs: number;
  read: ReadLimits;
  /** After how long a paused import looks whether it may go on. */
  lookAgainMs: Record<BatchPause['code'], number>;
};

/**
 * Seconds in a slot, so that twenty imports keep no other one waiting; minutes between two events of a history,
 * so that an import of days stays a few hundred events long.
 */
const LIMITS: ImportLimits = {
  window: 20,
  pollMs: 1_000,
  pumpMs: 15_000,
  reportMs: 5 * 60_000,
  read: { chunkLines: 500, lines: 5_000, durationMs: 20_000 },
  // A switch is turned off by somebody who waits for it; a budget has room again at midnight, or when a cap is raised.
  lookAgainMs: { kill_switch_on: 2_000, budget_exceeded: 60_000 },
};

/** Long enough for another import to take the place, too short for scans to run out. */
const AGAIN_AFTER_MS = 500;
/** A process reads one JSON file at a time: its turn takes seconds. */
const READ_AGAIN_AFTER_MS = 2_000;
/** Times as long as a pump usually lasts: what has failed for so long is not tried again. */
const GIVE_UP_AFTER = 2;

/** Activities of the lead import; each reads what it needs by id. */
export function createImportLeadsActivities(deps: ImportLeadsDeps) {
  const { db, clock } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const inTenant = <T>(input: ImportLeadsInput, fn: (ctx: { tx: Tx; now: Date }) => Promise<T>) =>
    db.withTenant(scopeOf(input), (tx) => fn({ tx, now: clock.now() }));
  /** Attempts that gave their place to others are no failures: the time that has passed says when to give up. */
  const triedForLong = (error: unknown): never => {
    throw ageMs() < GIVE_UP_AFTER * limits.reportMs ? new TriedLonger('it failed', { cause: error }) : error;
  };

  return {
    beginImport: (input: ImportLeadsInput, firstRunId?: string): Promise<ImportPlan | null> =>
      inTenant(input, (ctx) => beginImport({ ...ctx, claimedBy: temporalRun(firstRunId) }, input)),
    readLines: async (input: ImportLeadsInput, from: ImportPosition) => {
      let position = lastBeat() ?? from;
      const { busy, ...read } = await withHeartbeat(
        (signal) =>
          importLines(deps, input, position, {
            signal,
            limits: limits.read,
            onPosition: (reached) => {
              position = reached;
            },
          }),
        () => position,
      ).catch(triedForLong);
      if (!busy) return read;
      throw goesOn(
        'Another file is read first; the place is free for others meanwhile.',
        READ_AGAIN_AFTER_MS,
      );
    },
    pumpTriages: async (input: ImportLeadsInput) => {
      let waiting: unknown;
      const pumped = await withHeartbeat(
        (signal) =>
          pumpTriages(deps, input, {
            signal,
            window: limits.window,
            pollMs: limits.pollMs,
            durationMs: limits.pumpMs,
            onWaiting: (now) => {
              waiting = now;
            },
          }),
        () => waiting,
      ).catch(triedForLong);
      const { done, open, paused } = pumped;
      if (done || ageMs() >= limits.reportMs) return { done, open };
      const afterMs = paused ? limits.lookAgainMs[paused.code] : AGAIN_AFTER_MS;
      throw goesOn('The import goes on in a moment; its place is free for others meanwhile.', afterMs);
    },
    endImport: (input: ImportLeadsInput, end: ImportEnd): Promise<ImportEnd['status']> =>
      inTenant(input, (ctx) => endImport(ctx, input, end)),
    cancelTriages: (input: ImportLeadsInput): Promise<void> =>
      withHeartbeat((signal) => cancelTriages(deps, input, signal)),
  };
}

export type ImportLeadsActivities = ReturnType<typeof createImportLeadsActivities>;

/** Cancels the scans that the import asked for; one that ends in the same moment needs nothing. */
async function cancelTriages(deps: CancelDeps & PumpDeps, input: ImportLeadsInput, signal: AbortSignal) {
  const scope = scopeOf(input);
  const open = await deps.db.withTenant(scope, (tx) => findOpenTriages(tx, input));
  for (const id of open) {
    signal.throwIfAborted();
    const ctx = { scope, now: deps.clock.now(), requestId: requesterOf(input), address: null };
    await cancelRun(deps, ctx, { id, reason: 'The import was cancelled.' }).catch((error: unknown) => {
      if (!(error instanceof AgosError) || error.code !== 'run_ended') throw error;
    });
  }
}

/** How long ago the first attempt was due, by the server's clock. */
function ageMs(): number {
  const { currentAttemptScheduledTimestampMs, scheduledTimestampMs } = Context.current().info;
  return currentAttemptScheduledTimestampMs - scheduledTimestampMs;
}

/** Where an attempt that was lost had come to. */
function lastBeat(): ImportPosition | undefined {
  return Context.current().info.heartbeatDetails as ImportPosition | undefined;
}

const scopeOf = (input: ImportLeadsInput) => systemScope(input.tenant, input.principal_id);
