import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { vi } from 'vitest';
import { createRunReconciler } from '../../activities/journal/run-reconciler.ts';
import { noteIn } from '../../activities/journal/runs.ts';
import { settleLostRuns } from '../../activities/journal/settle-lost-runs.ts';
import { createImportLeadsActivities, type ImportLimits } from '../../activities/leads/import-leads.ts';
import { createTriageReconciler } from '../../activities/triage/reconcile-triage.ts';
import { createTriageRoomActivities } from '../../activities/triage/triage-room.ts';
import { createFolderStorage } from '../../src/assets/files/folder.ts';
import { createAssetStore } from '../../src/assets/files/store.ts';
import { seedAgents, seedPlaybooks } from '../../src/cli/seed-registry.ts';
import { createTickets } from '../../src/control/approvals/tickets.ts';
import { createStepGate } from '../../src/control/kill-switch/step-gate.ts';
import { createStopFile } from '../../src/control/kill-switch/stop-file.ts';
import type { SpendCaps } from '../../src/control/spend/rules.ts';
import { createSpender } from '../../src/control/spend/spender.ts';
import { startRun } from '../../src/journal/runs/start-run.ts';
import { LIST_PRICES } from '../../src/models/calls/prices.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { newId } from '../../src/runtime/ids.ts';
import { createCpuMeter } from '../../src/sites/scan/cpu-meter.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import type { Playbook } from '../../src/triage/playbooks/schema.ts';
import { TRIAGE_AGENT } from '../../src/triage/triage-room/agent.ts';
import { createGateway } from '../../temporal/gateway.ts';
import type { Gateway } from '../../temporal/gateway-type.ts';
import { createObserver } from '../../temporal/observer.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { triageWorkflowId } from '../../workflows/triage/triage-room/messages.ts';
import { startTestServer, type TestServer } from '../temporal/support/server.ts';
import { newPayloadKey, startTestWorker, testClient } from '../temporal/support/worker.ts';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from './app.ts';
import { importDeps } from './imports.ts';
import { TEST_CAPS, testRequests } from './requests.ts';
import { insertLead } from './rows.ts';
import {
  type Behaviour,
  createStoredScanner,
  type ScanStep,
  type StoredScanner,
  type StoredSite,
} from './stored-scanner.ts';
import { createTenant, type TestTenant } from './tenant.ts';
import { insertPendingLine, readTriageState, type TriageState } from './triage-rows.ts';

/** Leads of these industries meet a playbook of the test: every score waits for a person, long or not. */
export const WAITS_LONG = 'waits-long';
export const WAITS_SHORT = 'waits-short';
export const SHORT_WAIT_MS = 1_500;
/** How long their steps may take, by the playbook. */
export const WAITS_TIMEOUTS_MS = { fetch: 11_000, inspect: 22_000, measure: 33_000, links: 44_000 };

export type Lead = { id: string; host: string; workflowId: string };

/** Room 1 on a real Temporal server and a real PostgreSQL, behind the real API; only the sites are stored. */
export type TriageRoom = {
  app: TestApp;
  server: TestServer;
  client: Client;
  gateway: Gateway;
  tenant: TestTenant;
  scanner: StoredScanner;
  payloadKeys: string;
  /** Starts or replaces this process's worker. */
  startWorker(options?: WorkerOptions): Promise<void>;
  stopWorker(): Promise<void>;
  /** A lead whose site answers as stored. */
  lead(site: StoredSite, options?: LeadOptions): Promise<Lead>;
  /** Asks for a triage over HTTP; answers with the run's id. */
  triage(lead: Lead): Promise<string>;
  /** Resolves when the lead waits for a person, and says how long. */
  untilAwaiting(lead: Lead): Promise<{ approval_id: string; until: string }>;
  handle(lead: Lead): WorkflowHandle;
  /** One pass of the reconciling Schedule. */
  reconcile(options?: {
    stuckAfterFailures?: number;
  }): Promise<{ looked_at: number; ended: number; held: number }>;
  /** Everything the database says of a lead's latest triage. */
  state(lead: Lead): Promise<TriageState>;
  close(): Promise<void>;
};

export type WorkerOptions = {
  requireTicket?: boolean;
  caps?: SpendCaps;
  /** After how long a run asks the budget no more. */
  giveUpAfterMs?: number;
  /** Limits of the imports that it serves too. */
  imports?: Partial<ImportLimits>;
};

export type LeadOptions = {
  status?: string;
  industry?: string;
  on?: Partial<Record<ScanStep, Behaviour>>;
  /** Whether a line of an import waits for this lead. */
  inBatch?: boolean;
};

/** Brings the room up for one test file. */
export async function startTriageRoom(): Promise<TriageRoom> {
  const payloadKeys = newPayloadKey('k1');
  const server = await startTestServer();
  const client = testClient(server.target, payloadKeys);
  const gateway = createGateway({ client, workflows: RUN_WORKFLOWS });
  const app = await createTestApp({ gateway, urlRules: {} });
  const { db, admin } = app.database;
  const playbooks = [...loadPlaybooks(), waiting(WAITS_LONG, 3_600_000), waiting(WAITS_SHORT, SHORT_WAIT_MS)];
  await seedPlaybooks(admin, playbooks);
  await seedAgents(admin, [TRIAGE_AGENT]);
  const tenant = await createTenant(app.database);
  const scanner = createStoredScanner();
  const clock = systemClock;
  const assets = createAssetStore({
    storage: createFolderStorage(app.assetsDir),
    origin: TEST_ASSETS_ORIGIN,
    signingSecret: TEST_SECRET,
    clock,
  });
  let worker: { stop(): Promise<void> } | undefined;

  const room: TriageRoom = {
    app,
    server,
    client,
    gateway,
    tenant,
    scanner,
    payloadKeys,
    startWorker: async (options = {}) => {
      await worker?.stop();
      worker = await startTestWorker({
        target: server.target,
        payloadKeys,
        workflowsPath: join(import.meta.dirname, '../../workflows/index.ts'),
        queues: ['workflows', 'core', 'imports', 'fetch', 'browser', 'lighthouse', 'model'],
        activities: {
          ...createImportLeadsActivities({
            ...importDeps(app),
            gateway,
            runEndHooks: RUN_END_HOOKS,
            requestTriage: testRequests.requestTriage,
            startSoon: (run) => startRun({ db, gateway, clock }, run),
            limits: { ...options.imports },
          }),
          ...createTriageRoomActivities({
            db,
            clock,
            scanner,
            gate: createStepGate({
              db,
              stopFile: createStopFile(join(app.assetsDir, 'stop')),
              worker: 'test:1',
            }),
            playbooks,
            assets,
            spend: createSpender({
              db,
              clock,
              caps: options.caps ?? TEST_CAPS,
              lookAgainMs: 500,
              ...(options.giveUpAfterMs && { giveUpAfterMs: options.giveUpAfterMs }),
            }),
            cpu: createCpuMeter(),
            cpuSecondMicroUsd: 20,
            skills: {
              provider: null,
              models: { fast: 'none', balanced: 'none', strategic: 'none' },
              prices: LIST_PRICES,
              clock,
            },
            decisions: {
              verifyTicket: createTickets({ signingSecret: TEST_SECRET, clock }).verify,
              requireTicket: options.requireTicket ?? false,
            },
          }),
        },
      });
    },
    stopWorker: async () => {
      await worker?.stop();
      worker = undefined;
    },
    lead: async (site, options = {}) => {
      const host = `${newId().slice(-12)}.example`;
      scanner.serve(host, site, options.on);
      const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
      const id = await insertLead(app.database, owner, {
        url: `https://${host}/`,
        domain: host,
        industry: options.industry ?? null,
        status: options.status ?? 'new',
      });
      if (options.inBatch) await insertPendingLine(app.database, owner, id);
      return { id, host, workflowId: triageWorkflowId(tenant.id, id) };
    },
    triage: async (lead) => {
      const { headers } = tenant.keys.operator;
      const answer = await app.request('POST', `/v1/leads/${lead.id}/triage`, { headers });
      if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
      return answer.body.id as string;
    },
    untilAwaiting: (lead) =>
      vi.waitUntil(
        async () => (await room.state(lead)).lead.awaiting as { approval_id: string; until: string },
        {
          timeout: 20_000,
          interval: 50,
        },
      ),
    handle: (lead) => client.workflow.getHandle(lead.workflowId),
    reconcile: (options) =>
      settleLostRuns({
        observer: createObserver(client, options),
        noteTaskFailures: noteIn(db),
        reconcilers: [
          createTriageReconciler({ db, clock }),
          createRunReconciler({ db, clock, runEndHooks: RUN_END_HOOKS }),
        ],
        warn: () => undefined,
      }),
    state: (lead) => readTriageState(app.database, assets, lead.id),
    close: async () => {
      await worker?.stop();
      await client.connection.close();
      await server.stop();
      await app.close();
    },
  };
  await room.startWorker();
  return room;
}

/** The standard playbook, but every score is close to the bar. */
function waiting(slug: string, expiryMs: number): Playbook {
  const standard = loadPlaybooks().find((playbook) => playbook.is_default)!;
  const review = { enabled: true, within_points: 100, expires_after_hours: expiryMs / 3_600_000 };
  const timeouts = {
    fetch_seconds: WAITS_TIMEOUTS_MS.fetch / 1000,
    browser_seconds: WAITS_TIMEOUTS_MS.inspect / 1000,
    lighthouse_seconds: WAITS_TIMEOUTS_MS.measure / 1000,
    links_seconds: WAITS_TIMEOUTS_MS.links / 1000,
    summary_seconds: 55,
  };
  return { ...standard, timeouts, slug, industry_tags: [slug], priority: 1, is_default: false, review };
}
