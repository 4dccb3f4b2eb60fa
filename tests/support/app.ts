import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProviders } from '../../src/access/sso/provider-keys.ts';
import { createClientAddress } from '../../src/api/kit/client-address.ts';
import { type AppDeps, createApp } from '../../src/api/server.ts';
import { createFolderStorage } from '../../src/assets/files/folder.ts';
import { createAssetStore } from '../../src/assets/files/store.ts';
import { createAdmission } from '../../src/control/admission/admit-work.ts';
import { createTickets } from '../../src/control/approvals/tickets.ts';
import { createEventHub } from '../../src/control/events/hub.ts';
import { createStopFile } from '../../src/control/kill-switch/stop-file.ts';
import { createRateLimits } from '../../src/control/rate-limits/limit-requests.ts';
import { createSecretSeal } from '../../src/control/webhooks/seal.ts';
import { createByteBudget } from '../../src/runtime/byte-budget.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { createGuardedFetch } from '../../src/runtime/egress/fetch.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { createTriageRequests } from '../../src/triage/triage-room/request-triage.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { createFakeGateway, type FakeGateway } from './gateway.ts';
import { TEST_CAPS, TEST_RATES } from './requests.ts';

export const TEST_ASSETS_ORIGIN = 'http://assets.example';
export const TEST_SECRET = 'a signing secret for tests, 32 characters and more';

export type TestApp = {
  database: TestDatabase;
  gateway: FakeGateway;
  /** The app itself, for what `request` does not do. */
  app: ReturnType<typeof createApp>;
  assetsDir: string;
  /** What the API logged, line by line. */
  logs: string[];
  /** Sends a request to the API; a `json` body is serialised and typed. */
  request(method: string, path: string, options?: RequestOptions): Promise<TestResponse>;
  close(): Promise<void>;
};
export type RequestOptions = {
  headers?: Record<string, string>;
  json?: unknown;
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
};
/** An answer with its body parsed, so that assertions read plainly. */
export type TestResponse = { status: number; headers: Headers; text: string; body: JsonBody };
// biome-ignore lint/suspicious/noExplicitAny: answers are looked into by tests, field by field.
export type JsonBody = any;

/** What lets the API reach identity providers, and those that a test serves itself, as in development. */
export function reaching(options: { clock?: Clock; allowTargets?: string; extraCa?: string }) {
  const { clock = systemClock, extraCa } = options;
  const guard = createEgressGuard({ allowTargets: options.allowTargets });
  const fetch = createGuardedFetch({ guard, clock, extraCa, userAgent: 'AgOS' });
  return { providers: createProviders({ fetch, clock }), urlRules: { isAllowed: guard.isAllowed } };
}

/** The whole API on a database of its own; routes that break their declared contract fail the test. */
export async function createTestApp(
  overrides: Partial<AppDeps> = {},
  ownDatabase?: TestDatabase,
): Promise<TestApp> {
  const clock = overrides.clock ?? systemClock;
  const assetsDir = await mkdtemp(join(tmpdir(), 'agos-test-assets-'));
  const database = ownDatabase ?? (await createTestDatabase());
  const gateway = createFakeGateway();
  const logs: string[] = [];
  const eventHub = createEventHub(database.db);
  const logger = createLogger({ level: 'info' }, { write: (line: string) => void logs.push(line) });
  const app = createApp({
    db: database.db,
    gateway,
    clock,
    logger,
    issuers: [],
    rateLimits: createRateLimits({ db: overrides.db ?? database.db, rates: TEST_RATES }),
    clientAddress: createClientAddress([]),
    byteBudget: createByteBudget(),
    providers: reaching({ clock }).providers,
    signingSecret: TEST_SECRET,
    assets: createAssetStore({
      storage: createFolderStorage(assetsDir),
      origin: TEST_ASSETS_ORIGIN,
      signingSecret: TEST_SECRET,
      clock,
    }),
    signTicket: createTickets({ signingSecret: TEST_SECRET, clock }).sign,
    eventHub,
    runEndHooks: RUN_END_HOOKS,
    caps: TEST_CAPS,
    requests: createTriageRequests({ admitWork: createAdmission({ clock, caps: TEST_CAPS }) }),
    urlRules: {},
    webhooks: { httpsOnly: false, seal: createSecretSeal(TEST_SECRET) },
    stopFile: createStopFile(join(assetsDir, 'stop')),
    workflowUrl: () => null,
    checkContract: true,
    ...overrides,
  });
  return {
    database,
    gateway,
    logs,
    request: async (method, path, options = {}) => {
      const response = await app.request(path, toInit(method, options));
      return read(response);
    },
    app,
    assetsDir,
    close: async () => {
      eventHub.close();
      await database.close();
      await rm(assetsDir, { recursive: true, force: true });
    },
  };
}

function toInit(method: string, { headers = {}, json, body }: RequestOptions): RequestInit {
  if (json !== undefined) {
    return {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(json),
    };
  }
  if (body === undefined) return { method, headers };
  return { method, headers, body, ...(body instanceof ReadableStream && { duplex: 'half' }) } as RequestInit;
}

async function read(response: Response): Promise<TestResponse> {
  const text = await textOf(response);
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
}

/** An answer that goes on is let go at once: tests of streams read them by themselves. */
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text();
  await response.body?.cancel();
  return '';
}
