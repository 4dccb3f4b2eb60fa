import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { createRunReconciler } from '../../activities/journal/run-reconciler.ts';
import { noteIn } from '../../activities/journal/runs.ts';
import { settleLostRuns } from '../../activities/journal/settle-lost-runs.ts';
import { createImportLeadsActivities, type ImportLimits } from '../../activities/leads/import-leads.ts';
import { createBatchReconciler } from '../../activities/leads/reconcile-batches.ts';
import { endRun, type RunRow } from '../../src/journal/runs/repository.ts';
import { startRun } from '../../src/journal/runs/start-run.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import { settleItems } from '../../src/leads/batches/settle-items.ts';
import { beginScan, finishScan } from '../../src/leads/leads/scan-status.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { newId } from '../../src/runtime/ids.ts';
import { createGateway } from '../../temporal/gateway.ts';
import type { Gateway } from '../../temporal/gateway-type.ts';
import { createObserver } from '../../temporal/observer.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { type ImportLeadsInput, importWorkflowId } from '../../workflows/leads/import-leads/messages.ts';
import { startTestServer, type TestServer } from '../temporal/support/server.ts';
import { startTestWorker, testClient } from '../temporal/support/worker.ts';
import { createTestApp, type TestApp } from './app.ts';
import type { TestDatabase } from './database.ts';
import { importDeps, type Upload, uploadLeads } from './imports.ts';
import { testRequests } from './requests.ts';
import { createTenant, type TestTenant } from './tenant.ts';

const WORKFLOWS = join(import.meta.dirname, '../../workflows/index.ts');

/**
 * How scans go: settled in the database, many at a time, or as real workflows on a queue that nobody serves,
 * so that they stay open until somebody ends them.
 */
export type Scans = 'settled' | 'left open';

/** The lead import on a real Temporal server and a real PostgreSQL, behind the real API. */
export type ImportRoom = {
  app: TestApp;
  server: TestServer;
  client: Client;
  gateway: Gateway;
  tenant: TestTenant;
  /** How many scans of the present tenant were open each time one was started. */
  openAtStart: number[];
  startWorker(scans: Scans, limits?: Partial<ImportLimits>): Promise<void>;
  stopWorker(): Promise<void>;
  /** Settles every scan of every tenant as it comes, until it is told to stop. */
  settleEverything(): { stop(): Promise<void> };
  upload(
    content: string,
    options?: Upload,
  ): Promise<{ id: string; handle: WorkflowHandle; input: ImportLeadsInput }>;
  /** The batch as the API shows it. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests, field by field.
  batch(id: string): Promise<any>;
  /** Workflows of the scans that are open, by the lead's domain. */
  openScans(): Promise<Map<string, WorkflowHandle>>;
  /** Ends the scan of a lead as Room 1 does. */
  settle(leadDomain: string, decision: 'qualified' | 'disqualified'): Promise<void>;
  reconcile(): Promise<void>;
  close(): Promise<void>;
};

/** Brings the import up for one test file. */
export async function startImportRoom(): Promise<ImportRoom> {
  const server = await startTestServer();
  const client = testClient(server.target);
  const unserved = { ...RUN_WORKFLOWS['triage-room'], queue: 'unserved' };
  const gateway = createGateway({ client, workflows: { ...RUN_WORKFLOWS, 'triage-room': unserved } });
  const app = await createTestApp({ gateway });
  const { db, admin } = app.database;
  const clock = systemClock;
  const openAtStart: number[] = [];
  const room: ImportRoom = {
    app,
    server,
    client,
    gateway,
    tenant: await createTenant(app.database),
    openAtStart,
    startWorker: async (scans, limits = {}) => {
      await stop();
      const startSoon = async (run: RunRow): Promise<void> => {
        if (scans === 'settled') return;
        const [row] = await admin`select count(*)::int as open from runs where kind = 'triage-room'
          and tenant_id = ${run.tenantId} and ended_at is null`;
        if (run.tenantId === room.tenant.id) openAtStart.push(row?.open);
        await startRun({ db, gateway, clock }, run);
      };
      worker = await startTestWorker({
        target: server.target,
        workflowsPath: WORKFLOWS,
        queues: ['workflows', 'core', 'imports'],
        report: (error) => console.error(error),
        activities: createImportLeadsActivities({
          ...importDeps(app),
          gateway,
          runEndHooks: RUN_END_HOOKS,
          requestTriage: testRequests.requestTriage,
          startSoon,
          limits: { pollMs: 100, ...limits },
        }),
      });
    },
    stopWorker: () => stop(),
    settleEverything: () => settleLoop(app.database),
    upload: async (content, options) => {
      const { id, input } = await uploadLeads(app, room.tenant, content, options);
      return { id, handle: client.workflow.getHandle(importWorkflowId(input.tenant, id)), input };
    },
    batch: async (id) =>
      (await app.request('GET', `/v1/batches/${id}`, { headers: room.tenant.keys.owner.headers })).body,
    openScans: async () => {
      const rows = await admin`select l.domain, r.workflow_id from runs r join leads l on l.id = r.lead_id
        where r.tenant_id = ${room.tenant.id} and r.ended_at is null and r.status <> 'requested'`;
      return new Map(rows.map((row) => [row.domain, client.workflow.getHandle(row.workflow_id)]));
    },
    settle: async (domain, decision) => {
      const [run] = await admin`select r.tenant_id as "tenantId", r.id, r.lead_id as "leadId",
        r.created_by as "createdBy" from runs r join leads l on l.current_run_id = r.id
        where l.tenant_id = ${room.tenant.id} and l.domain = ${domain}`;
      await settleScan(db, run as RunRow, decision);
    },
    reconcile: async () => {
      await settleLostRuns({
        observer: createObserver(client),
        noteTaskFailures: noteIn(db),
        reconcilers: [
          createBatchReconciler({ db, clock }),
          createRunReconciler({ db, clock, runEndHooks: RUN_END_HOOKS }),
        ],
        warn: () => undefined,
      });
    },
    close: async () => {
      await stop();
      await client.connection.close();
      await server.stop();
      await app.close();
    },
  };
  let worker: { stop(): Promise<void> } | undefined;
  const stop = async (): Promise<void> => {
    await worker?.stop();
    worker = undefined;
  };
  return room;
}

/** Ends open scans with one statement for each table: one by one they would take longer than the import. */
function settleLoop({ admin }: TestDatabase): { stop(): Promise<void> } {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      await admin.begin(async (sql) => {
        const ended = await sql`update runs set status = 'completed', ended_at = clock_timestamp()
          where kind = 'triage-room' and ended_at is null returning tenant_id, lead_id`;
        const leads = ended.map((run) => run.lead_id);
        for (const tenant of new Set(ended.map((run) => run.tenant_id))) {
          await sql`update leads set status = 'qualified' where tenant_id = ${tenant} and id = any(${leads})`;
          await sql`update batch_items set state = 'qualified'
            where tenant_id = ${tenant} and lead_id = any(${leads}) and state = 'pending'`;
        }
      });
      await sleep(50);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await loop;
    },
  };
}

/** What the first and the last activity of a triage write, in one transaction. */
async function settleScan(
  db: Database,
  run: Pick<RunRow, 'tenantId' | 'id' | 'leadId' | 'createdBy'>,
  decision: 'qualified' | 'disqualified' = 'qualified',
): Promise<void> {
  const { tenantId: tenant, id, leadId, createdBy } = run;
  if (leadId === null) return;
  const now = new Date();
  const writer = { tenant, leadId, runId: id, now };
  await db.withTenant(systemScope(tenant, createdBy), async (tx) => {
    await beginScan(tx, writer);
    await finishScan(tx, writer, { decision, score: 50, reasons: [], auditId: newId() });
    await settleItems(tx, tenant, leadId, decision);
    await endRun(tx, { tenant, id, status: 'completed', code: null, message: null, now });
  });
}
