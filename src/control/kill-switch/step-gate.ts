import { readTenant } from '../../access/tenants/repository.ts';
import { suspendedError } from '../../access/tenants/suspended.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { stoppedError } from './refuse-stopped.ts';
import { findStop } from './repository.ts';
import type { StepOutcome, Stop } from './rules.ts';
import { endStep, insertStep, loseSteps } from './run-steps.ts';
import type { StopFile } from './stop-file.ts';
import { createStopWatch } from './watch-stops.ts';

/** Which step of which run begins, and for whom. */
export type StepToRun = {
  tenant: string;
  principalId: string;
  runId: string;
  leadId: string | null;
  step: string;
};

/** How the work of a step went; written in the transaction that ends the step. */
export type StepEnd = { outcome: StepOutcome; error: unknown };

/** The one way into work that opens a stranger's site or asks a model. */
export type StepGate = {
  /**
   * Does the work unless a kill switch is on, which is read from the database first; one that is turned on
   * meanwhile aborts it. Throws `kill_switch_on` then, whatever the work made of its signal; `tenant_suspended`
   * where the tenant is no longer active.
   */
  run<T>(
    step: StepToRun,
    how: {
      signal: AbortSignal;
      work: (signal: AbortSignal) => Promise<T>;
      record?: (tx: Tx, end: StepEnd) => Promise<void>;
    },
  ): Promise<T>;
};

/** What an aborted signal carries: code between here and the work must not take it for an answer to a caller. */
class WorkStopped extends Error {
  override name = 'WorkStopped';
}

/** Makes the gate of one worker process; `worker` names it in receipts. */
export function createStepGate(deps: { db: Database; stopFile: StopFile; worker: string }): StepGate {
  const watch = createStopWatch(deps);
  return {
    async run(step, { signal, work, record }) {
      const stopping = new AbortController();
      let stop: Stop | null = null;
      const onStop = (why: Stop): void => {
        stop ??= why;
        stopping.abort(new WorkStopped(why.reason));
      };
      // Watched before it is asked for, so that no switch falls between the two.
      const unwatch = watch.watch({ tenant: step.tenant, onStop });
      try {
        const id = await admit(deps, step);
        const end = (result: StepEnd) =>
          deps.db.withTenant(scopeOf(step), async (tx) => {
            await record?.(tx, result);
            await endStep(tx, { tenant: step.tenant, id, outcome: result.outcome });
          });
        try {
          const both = AbortSignal.any([signal, stopping.signal]);
          both.throwIfAborted();
          const result = await work(both);
          stopping.signal.throwIfAborted();
          await end({ outcome: 'done', error: null });
          return result;
        } catch (error) {
          const why = stop as Stop | null;
          if (!why) throw await failed(error, end);
          // The stop stands also where the database is away and cannot be told.
          await end({ outcome: 'stopped', error: stoppedError(why) }).catch(() => undefined);
          throw stoppedError(why);
        }
      } finally {
        unwatch();
      }
    },
  };
}

/** Writes the failure down and hands it back. */
async function failed(error: unknown, end: (result: StepEnd) => Promise<void>): Promise<unknown> {
  await end({ outcome: 'failed', error });
  return error;
}

/**
 * Notes that the step begins, or throws `kill_switch_on` or `tenant_suspended`; an attempt before it is given up
 * in each case.
 */
async function admit(
  { db, stopFile, worker }: { db: Database; stopFile: StopFile; worker: string },
  step: StepToRun,
): Promise<string> {
  const onThisMachine = await stopFile.read();
  if (onThisMachine) throw stoppedError(onThisMachine);
  const id = newId();
  const { tenant, runId, leadId } = step;
  const refusal = await db.withTenant(scopeOf(step), async (tx) => {
    await loseSteps(tx, { tenant, runId, step: step.step });
    const found = await findStop(tx, tenant);
    if (found) return stoppedError(found);
    const { status } = await readTenant(tx, tenant);
    if (status !== 'active') return suspendedError(status);
    const row = { tenantId: tenant, id, runId, leadId, step: step.step, worker };
    await insertStep(tx, { ...row, createdBy: step.principalId });
    return null;
  });
  if (refusal) throw refusal;
  return id;
}

const scopeOf = (step: StepToRun) => systemScope(step.tenant, step.principalId);
