import { z } from '@hono/zod-openapi';
import { sql } from 'drizzle-orm';
import { defineRoute, type Route } from '../../src/api/kit/index.ts';
import { recordAudit } from '../../src/journal/audit-log/record.ts';
import { claimRun, endRun, type RunRow, requestRun } from '../../src/journal/runs/repository.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import type { Clock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { newId } from '../../src/runtime/ids.ts';
import { temporalRun } from '../../temporal/temporal-run.ts';

export type FiveStepsInput = { version: 1; tenant: string; run_id: string; principal_id: string };

const view = z.strictObject({ workflow_id: z.string() });

/** Asks for the five steps as our routes ask for work: run, audit row and answer in one transaction. */
export function fiveStepsRoute(startSoon: (run: RunRow) => Promise<unknown>): Route {
  return defineRoute({
    method: 'post',
    path: '/v1/five-steps',
    operationId: 'startFiveSteps',
    summary: 'Run the five steps',
    tag: 'Benchmark',
    permission: 'triage:run',
    responses: { 202: { description: 'The run.', schema: view } },
    handler: async (ctx) => {
      const { tenant, actor } = ctx.scope;
      const id = newId();
      const workflowId = `five:${tenant}:${id}`;
      const input: FiveStepsInput = { version: 1, tenant, run_id: id, principal_id: actor.id };
      const { run } = await requestRun(ctx.tx, {
        id,
        tenantId: tenant,
        kind: 'triage-room', // kinds are a closed list; the gateway of this process starts our workflow for it
        workflowId,
        input,
        target: 'five steps',
        createdBy: actor.id,
        requestId: ctx.requestId,
      });
      const details = { run_id: id };
      await recordAudit(ctx, { action: 'triage.requested', resourceType: 'run', resourceId: id, details });
      return {
        status: 202,
        body: { workflow_id: workflowId },
        afterCommit: async () => {
          await startSoon(run);
        },
      };
    },
  });
}

/** One row each, in a transaction of the tenant. */
export function createFiveStepsActivities({ db, clock }: { db: Database; clock: Clock }) {
  return {
    step: ({ tenant, run_id: id, principal_id: principal }: FiveStepsInput, number: number, first: string) =>
      db.withTenant(systemScope(tenant, principal), async (tx) => {
        const now = clock.now();
        if (number === 1) await claimRun(tx, { tenant, id, ...temporalRun(first), now });
        await tx.execute(
          sql`insert into our_steps (tenant_id, run_id, step) values (${tenant}, ${id}, ${number})`,
        );
        if (number < 5) return;
        await endRun(tx, { tenant, id, status: 'completed', code: null, message: null, now });
      }),
  };
}

export type FiveStepsActivities = ReturnType<typeof createFiveStepsActivities>;
