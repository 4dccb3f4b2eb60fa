import { and, eq, inArray, isNotNull } from 'drizzle-orm';
import { runs } from '../../src/journal/runs/tables.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import { closeBatch } from '../../src/leads/batches/end-import.ts';
import { leadBatches } from '../../src/leads/batches/tables.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import type { InFlight, Reconciler } from '../journal/reconciler.ts';

type BatchInFlight = InFlight & { batchId: string };

const ROWS_PER_PASS = 5_000;

/** Batches whose workflow Temporal has accepted: when it is gone, they fail with the hold's code. */
export function createBatchReconciler(deps: { db: Database; clock: Clock }): Reconciler<BatchInFlight> {
  const { db, clock } = deps;
  return {
    name: 'batches',
    async findInFlight() {
      return db.withSystem('batches_in_flight', (tx) =>
        tx
          .select({
            tenant: leadBatches.tenantId,
            principalId: leadBatches.createdBy,
            batchId: leadBatches.id,
            runId: runs.id,
            workflowId: runs.workflowId,
          })
          .from(leadBatches)
          .innerJoin(runs, and(eq(runs.tenantId, leadBatches.tenantId), eq(runs.id, leadBatches.runId)))
          .where(and(inArray(leadBatches.status, ['pending', 'processing']), isNotNull(runs.startedAt)))
          .limit(ROWS_PER_PASS),
      );
    },
    async hold({ tenant, principalId, batchId }, { code, message }) {
      const status = code === 'cancelled' ? 'cancelled' : 'failed';
      await db.withTenant(systemScope(tenant, principalId), (tx) =>
        closeBatch({ tx, now: clock.now() }, { tenant, id: batchId }, { status, failure: { code, message } }),
      );
    },
  };
}
