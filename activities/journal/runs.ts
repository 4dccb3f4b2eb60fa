import { log } from '@temporalio/activity';
import { noteTaskFailures } from '../../src/journal/runs/repository.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import type { Gateway, RunObserver } from '../../temporal/gateway-type.ts';
import type { ReconcileResult } from '../../workflows/journal/reconcile-runs/messages.ts';
import type { SweepResult } from '../../workflows/journal/sweep-runs/messages.ts';
import { deliverCancels } from './deliver-cancels.ts';
import type { Reconciler } from './reconciler.ts';
import { type SettleDeps, settleLostRuns } from './settle-lost-runs.ts';
import { startUnmarkedRuns } from './sweep-runs.ts';

export type RunActivitiesDeps = {
  db: Database;
  clock: Clock;
  gateway: Pick<Gateway, 'start' | 'signal'>;
  observer: RunObserver;
  /** One for each area that keeps rows in flight; the runs themselves come last. */
  reconcilers: readonly Reconciler[];
  /** Ends what killed workers have reserved and not settled. */
  endStaleReservations(): Promise<number>;
};

/** Activities of the two Schedules that look after runs. */
export function createRunActivities(deps: RunActivitiesDeps) {
  const warn = (message: string, about: Record<string, unknown>): void => log.warn(message, about);
  return {
    startUnmarkedRuns: async (): Promise<SweepResult> => {
      const started = await startUnmarkedRuns({ ...deps, warn });
      return { ...started, cancels_delivered: await deliverCancels({ ...deps, warn }) };
    },
    settleLostRuns: async (): Promise<ReconcileResult> => {
      const [settled, released] = await Promise.allSettled([
        settleLostRuns({ ...deps, noteTaskFailures: noteIn(deps.db), warn }),
        deps.endStaleReservations(),
      ]);
      if (released.status === 'rejected') throw released.reason;
      if (released.value > 0) {
        warn('ended reservations of workers that are gone', { reservations: released.value });
      }
      if (settled.status === 'rejected') throw settled.reason;
      return settled.value;
    },
  };
}

/** How a pass notes failures in the database. */
export const noteIn =
  (db: Database): SettleDeps['noteTaskFailures'] =>
  ({ tenant, runId, principalId }, failures) =>
    db.withTenant(systemScope(tenant, principalId), (tx) =>
      noteTaskFailures(tx, { tenant, id: runId, failures }),
    );

export type RunActivities = ReturnType<typeof createRunActivities>;
