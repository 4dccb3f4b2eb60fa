import { join } from 'node:path';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { vi } from 'vitest';
import { createFolderStorage } from '../../../src/assets/files/folder.ts';
import { createAssetStore } from '../../../src/assets/files/store.ts';
import { seedAgents, seedPlaybooks } from '../../../src/cli/seed-registry.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { createEgressGuard } from '../../../src/runtime/egress/guard.ts';
import { loadPlaybooks } from '../../../src/triage/playbooks/load.ts';
import { TRIAGE_AGENT } from '../../../src/triage/triage-room/agent.ts';
import { createGateway } from '../../../temporal/gateway.ts';
import { RUN_WORKFLOWS } from '../../../temporal/run-workflows.ts';
import { triageWorkflowId } from '../../../workflows/triage/triage-room/messages.ts';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../../support/app.ts';
import type { TestDatabase } from '../../support/database.ts';
import { insertLead } from '../../support/rows.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';
import { testChromium } from '../../support/test-browser.ts';
import { readTriageState, type TriageState } from '../../support/triage-rows.ts';
import { startTestServer, type TestServer } from '../../temporal/support/server.ts';
import { newPayloadKey, testClient } from '../../temporal/support/worker.ts';
import { type Service, startService } from './service.ts';
import { type FaultSite, type FaultSites, serveFaultSites } from './sites.ts';

export type FaultProcess = Service;
export type WorkerProcess = FaultProcess;
export type FaultLead = { id: string; workflowId: string; site: FaultSite };

/** The product as it runs: API, real PostgreSQL and Temporal, workers as processes, pages on loopback. */
export type FaultStack = {
  app: TestApp;
  server: TestServer;
  client: Client;
  /** What every worker of it encrypts with. */
  payloadKeys: string;
  tenant: TestTenant;
  sites: FaultSites;
  startWorker(environment?: Record<string, string>): WorkerProcess;
  /** The API as a process of its own, beside the one in this process; on free ports, which its lines tell. */
  startApi(environment?: Record<string, string>): FaultProcess;
  /** A lead of the stack's tenant, or of another. */
  lead(site: FaultSite, of?: TestTenant): Promise<FaultLead>;
  /** Asks for a triage over HTTP. */
  triage(lead: FaultLead, of?: TestTenant): ReturnType<TestApp['request']>;
  handle(lead: FaultLead): WorkflowHandle;
  state(lead: FaultLead): Promise<TriageState>;
  /** Resolves with the state once the lead's run has ended. */
  untilEnded(lead: FaultLead, timeoutMs?: number): Promise<TriageState>;
  close(): Promise<void>;
};

/** Brings the product up for one test file, without a worker; on a database that the test may stop, where one is given. */
export async function startFaultStack(database?: TestDatabase): Promise<FaultStack> {
  const payloadKeys = newPayloadKey('k1');
  const [server, sites, chromium] = await Promise.all([startTestServer(), serveFaultSites(), testChromium()]);
  const { allowTargets } = sites;
  const client = testClient(server.target, payloadKeys);
  const app = await createTestApp(
    {
      gateway: createGateway({ client, workflows: RUN_WORKFLOWS }),
      urlRules: { isAllowed: createEgressGuard({ allowTargets }).isAllowed },
    },
    database,
  );
  const { admin, info } = app.database;
  await seedPlaybooks(admin, loadPlaybooks());
  await seedAgents(admin, [TRIAGE_AGENT]);
  const tenant = await createTenant(app.database);
  const storage = createFolderStorage(app.assetsDir);
  const files = { storage, origin: TEST_ASSETS_ORIGIN, signingSecret: TEST_SECRET };
  const assets = createAssetStore({ ...files, clock: systemClock });
  const shared = {
    AGOS_ENV: 'development',
    TEMPORAL_ADDRESS: server.address,
    DATABASE_URL: info.url,
    DATABASE_SYSTEM_URL: info.systemUrl,
    AGOS_ASSETS_DIR: app.assetsDir,
    AGOS_ASSETS_URL: TEST_ASSETS_ORIGIN,
    AGOS_SIGNING_SECRET: TEST_SECRET,
    AGOS_PAYLOAD_KEYS: payloadKeys,
    AGOS_ALLOW_TARGETS: allowTargets,
    AGOS_STOP_FILE: join(app.assetsDir, 'stop'),
    CHROMIUM_PATH: chromium,
  };
  const processes: FaultProcess[] = [];
  const start = (script: string, words: string, environment: Record<string, string>): FaultProcess => {
    const started = startService(script, { ...shared, ...environment }, words);
    processes.push(started);
    return started;
  };
  const stack: FaultStack = {
    app,
    server,
    client,
    payloadKeys,
    tenant,
    sites,
    startWorker: (environment = {}) => start('temporal/main.ts', 'worker is serving', environment),
    startApi: (environment = {}) =>
      start('src/api/main.ts', 'API is serving', {
        AGOS_PORT: '0',
        AGOS_ASSETS_PORT: '0',
        ...environment,
      }),
    lead: async (site, of = tenant) => {
      const owner = { tenant: of.id, createdBy: of.keys.owner.id };
      const id = await insertLead(app.database, owner, { url: site.url, domain: site.host });
      return { id, workflowId: triageWorkflowId(of.id, id), site };
    },
    triage: ({ id }, of = tenant) =>
      app.request('POST', `/v1/leads/${id}/triage`, { headers: of.keys.operator.headers }),
    handle: ({ workflowId }) => client.workflow.getHandle(workflowId),
    state: ({ id }) => readTriageState(app.database, assets, id),
    untilEnded: async (lead, timeoutMs = 90_000) => {
      const hasEnded = async () => (await stack.state(lead)).run?.ended_at !== null;
      await vi.waitUntil(hasEnded, { timeout: timeoutMs, interval: 100 });
      return stack.state(lead);
    },
    close: async () => {
      await Promise.all(processes.map((one) => one.kill()));
      await client.connection.close();
      await server.stop();
      await sites.close();
      await app.close();
    },
  };
  return stack;
}
