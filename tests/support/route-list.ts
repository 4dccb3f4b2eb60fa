import type { Route } from '../../src/api/kit/index.ts';
import { allRoutes } from '../../src/api/routes.ts';
import { createFolderStorage } from '../../src/assets/files/folder.ts';
import { createAssetStore } from '../../src/assets/files/store.ts';
import { createAdmission } from '../../src/control/admission/admit-work.ts';
import { createEventHub } from '../../src/control/events/hub.ts';
import { createStopFile } from '../../src/control/kill-switch/stop-file.ts';
import { createSecretSeal } from '../../src/control/webhooks/seal.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createTriageRequests } from '../../src/triage/triage-room/request-triage.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { reaching, type TestApp } from './app.ts';
import { createFakeGateway } from './gateway.ts';
import { TEST_CAPS } from './requests.ts';
import {
  insertAgentRun,
  insertAlert,
  insertAsset,
  insertAudit,
  insertBatch,
  insertKillSwitch,
  insertLead,
  insertRun,
  insertSsoConnection,
  insertWebhookDelivery,
  insertWebhookEndpoint,
  type Owner,
} from './rows.ts';
import { createKey, createMember, type TestTenant } from './tenant.ts';

/** Every route of the API, as the server mounts them. */
export function routeList(): readonly Route[] {
  const secret = 'only the definitions are read here';
  return allRoutes({
    db: undefined as never,
    gateway: createFakeGateway(),
    clock: systemClock,
    issuers: [],
    providers: reaching({}).providers,
    assets: createAssetStore({
      storage: createFolderStorage('/'),
      origin: 'http://a.example',
      signingSecret: secret,
      clock: systemClock,
    }),
    signTicket: async () => '',
    eventHub: createEventHub({ listen: () => {} }),
    runEndHooks: RUN_END_HOOKS,
    caps: TEST_CAPS,
    requests: createTriageRequests({ admitWork: createAdmission({ clock: systemClock, caps: TEST_CAPS }) }),
    urlRules: {},
    webhooks: { httpsOnly: true, seal: createSecretSeal(secret) },
    stopFile: createStopFile('/nowhere'),
    workflowUrl: () => null,
  });
}

type Maker = (app: TestApp, owner: Owner) => Promise<string>;

/** How to make what stands behind each kind of id, by the path's first part. */
const MAKERS: Record<string, Maker> = {
  members: async ({ database }, { tenant }) => (await createMember(database, tenant, 'viewer')).id,
  keys: async ({ database }, { tenant }) => (await createKey(database, tenant, 'viewer')).id,
  'sso-connections': ({ database }, owner) => insertSsoConnection(database, owner),
  'agent-runs': async ({ database }, owner) =>
    insertAgentRun(database, owner, { lead_id: await insertLead(database, owner) }),
  runs: async ({ database }, owner) =>
    insertRun(database, owner, { leadId: await insertLead(database, owner) }),
  assets: async ({ database }, owner) =>
    insertAsset(database, owner, { leadId: await insertLead(database, owner) }),
  audits: async ({ database }, owner) =>
    insertAudit(database, owner, { leadId: await insertLead(database, owner) }),
  leads: async ({ database }, owner) => {
    const leadId = await insertLead(database, owner);
    await insertAudit(database, owner, { leadId });
    await insertRun(database, owner, { leadId });
    return leadId;
  },
  batches: ({ database }, owner) => insertBatch(database, owner),
  'webhook-endpoints': ({ database }, owner) => insertWebhookEndpoint(database, owner),
  'webhook-deliveries': async ({ database }, owner) =>
    insertWebhookDelivery(database, owner, await insertWebhookEndpoint(database, owner)),
  alerts: ({ database }, owner) => insertAlert(database, owner),
  'kill-switches': ({ database }, owner) => insertKillSwitch(database, owner, { over: true }),
};

/** Bodies with which routes get past validation, by operation. */
const BODIES: Record<string, unknown> = {
  changeMember: { name: 'Somebody' },
  addMember: { issuer: 'https://id.example', subject: 'somebody-new', role: 'viewer' },
  createKey: { name: 'one more', role: 'viewer' },
  createSsoConnection: { name: 'Login', issuer: 'https://login.example', audience: 'agos' },
  changeSsoConnection: { name: 'Login' },
  testSsoMapping: { claims: { groups: ['staff'] } },
  changeTenant: { name: 'Acme Agency' },
  createLead: { url: 'https://new-lead.example/' },
  updateLead: { company_name: 'Bakery' },
  auditUrl: { url: 'https://audited.example/' },
  createAudit: { url: 'https://audited.example/' },
  decideLead: { outcome: 'qualified' },
  createWebhookEndpoint: { url: 'https://hooks.example/agos' },
  changeWebhookEndpoint: { description: 'Ours' },
  resendFailedWebhooks: { since: '2026-01-01T00:00:00Z' },
};

/** Routes whose path names one resource by id. */
export const withId = (route: Route): boolean => route.path.includes('{id}');

/** Makes what a route with an id works on; fails for a new kind of id, which then needs a maker above. */
export async function makeTarget(app: TestApp, route: Route, owner: Owner): Promise<string> {
  const kind = route.path.split('/')[2] ?? '';
  const make = MAKERS[kind];
  if (!make)
    throw new Error(`tests/support/route-list.ts must know how to make what is behind ${route.path}`);
  return make(app, owner);
}

/** What to send to a route so that validation lets it through. */
export function requestFor(route: Route, id: string): { method: string; path: string; json?: unknown } {
  const path = route.path.replace('{id}', id).replace('{slug}', 'triage');
  const json = BODIES[route.operationId];
  return { method: route.method.toUpperCase(), path, ...(json !== undefined && { json }) };
}

/** Who owns rows that a tenant's owner made. */
export const ownerOf = (tenant: TestTenant): Owner => ({
  tenant: tenant.id,
  createdBy: tenant.keys.owner.id,
});
