import { lockBeforeRun, type RunEndHooks, settleRunEnd } from '../../src/journal/runs/end-hooks.ts';
import { endRun, findOpenRuns, findRun } from '../../src/journal/runs/repository.ts';
import type { RunEnd } from '../../src/journal/runs/rules.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { allPages } from './all-pages.ts';
import type { Reconciler } from './reconciler.ts';

/** Not a moment of this process's clock, which may be wrong: looking at a run that has just begun is harmless. */
const WHENEVER = new Date('9999-12-31');

/**
 * The runs themselves; they stand last in the array, since an area's hold may end its run on its own terms.
 * What a run leaves that no workflow had begun is settled by the hooks of its kind.
 */
export function createRunReconciler(deps: {
  db: Database;
  clock: Clock;
  runEndHooks: RunEndHooks;
}): Reconciler {
  const { db, clock, runEndHooks } = deps;
  return {
    name: 'runs',
    findInFlight: async () => {
      const open = await allPages((page) => findOpenRuns(db, { startedBefore: WHENEVER, ...page }));
      return open.map(({ tenantId, id, workflowId, createdBy, taskFailures }) => ({
        tenant: tenantId,
        runId: id,
        workflowId,
        principalId: createdBy,
        taskFailures,
      }));
    },
    hold: async ({ tenant, runId, principalId }, { code, message }) => {
      const status = code === 'cancelled' ? 'cancelled' : 'failed';
      const end: RunEnd = { status, code, message };
      const now = clock.now();
      await db.withTenant(systemScope(tenant, principalId), async (tx) => {
        const run = await findRun(tx, tenant, runId);
        if (!run) return;
        await lockBeforeRun(runEndHooks, tx, run);
        if (!(await endRun(tx, { tenant, id: runId, ...end, now }))) return;
        await settleRunEnd(runEndHooks, { tx, now }, run, end);
      });
    },
  };
}
