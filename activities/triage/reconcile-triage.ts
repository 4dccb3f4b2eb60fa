import { systemScope } from '../../src/kernel/actor.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { findAuditsInFlight } from '../../src/triage/audits/repository.ts';
import { workflowIdOf } from '../../src/triage/audits/workflow-id.ts';
import { holdTriage } from '../../src/triage/triage-room/settle-triage.ts';
import { allPages } from '../journal/all-pages.ts';
import type { InFlight, Reconciler } from '../journal/reconciler.ts';

type AuditInFlight = InFlight & { leadId: string | null; auditId: string };

/** Audits that a workflow has begun and not ended: when it is gone, their leads are held. */
export function createTriageReconciler(deps: { db: Database; clock: Clock }): Reconciler<AuditInFlight> {
  const { db, clock } = deps;
  return {
    name: 'triage',
    async findInFlight() {
      const rows = await allPages((page) => findAuditsInFlight(db, page));
      return rows.map((row) => ({
        tenant: row.tenantId,
        principalId: row.createdBy,
        runId: row.runId,
        workflowId: workflowIdOf(row),
        leadId: row.leadId,
        auditId: row.id,
      }));
    },
    async hold(row, hold) {
      const input = {
        version: 1 as const,
        tenant: row.tenant,
        run_id: row.runId,
        principal_id: row.principalId,
        lead_id: row.leadId,
        audit_id: row.auditId,
      };
      await db.withTenant(systemScope(row.tenant, row.principalId), (tx) =>
        holdTriage({ tx, now: clock.now() }, input, hold),
      );
    },
  };
}
