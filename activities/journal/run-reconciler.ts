import { endRun, findOpenRuns } from '../../src/journal/runs/repository.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import type { Reconciler } from './reconciler.ts';

/** More open runs than one pass can look at wait for the next; the oldest come first. */
const RUNS_PER_PASS = 5_000;

/** The runs themselves; they stand last in the array, since an area's hold may end its run on its own terms. */
export function createRunReconciler(deps: { db: Database; clock: Clock }): Reconciler {
  const { db, clock } = deps;
  return {
    name: 'runs',
    findInFlight: async () => {
      const open = await findOpenRuns(db, RUNS_PER_PASS);
      return open.map(({ tenantId, id, workflowId, createdBy }) => ({
        tenant: tenantId,
        runId: id,
        workflowId,
        principalId: createdBy,
      }));
    },
    hold: async ({ tenant, runId, principalId }, { code, message }) => {
      const status = code === 'cancelled' ? 'cancelled' : 'failed';
      await db.withTenant(systemScope(tenant, principalId), (tx) =>
        endRun(tx, { tenant, id: runId, status, code, message, now: clock.now() }),
      );
    },
  };
}
