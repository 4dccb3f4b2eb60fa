import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { TEST_CAPS } from '../../../tests/support/requests.ts';
import { insertAudit, insertRun } from '../../../tests/support/rows.ts';
import { createStoredScanner, gate } from '../../../tests/support/stored-scanner.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { createFolderStorage } from '../../assets/files/folder.ts';
import { createAssetStore } from '../../assets/files/store.ts';
import { seedAgents, seedPlaybooks } from '../../cli/seed-registry.ts';
import { createStepGate } from '../../control/kill-switch/step-gate.ts';
import { createStopFile } from '../../control/kill-switch/stop-file.ts';
import { createSpender } from '../../control/spend/spender.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import { createCpuMeter } from '../../sites/scan/cpu-meter.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { TRIAGE_AGENT } from './agent.ts';
import { fetchSiteFacts, inspectSite, measureSite, type ScanDeps } from './scan-steps.ts';

const HOST = 'scanned.example';

let database: TestDatabase;
let tenant: TestTenant;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  folder = await mkdtemp(join(tmpdir(), 'agos-test-assets-'));
  await seedPlaybooks(database.admin, loadPlaybooks());
  await seedAgents(database.admin, [TRIAGE_AGENT]);
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

/** What an attempt works with that sees the site under this title, and waits in both steps until it is let go. */
function attempt(title: string, waits?: ReturnType<typeof gate>) {
  const { db } = database;
  const scanner = createStoredScanner();
  const on = waits ? { inspect: waits.behaviour, measure: waits.behaviour } : {};
  scanner.serve(HOST, 'hartleys-plumbing', on, ({ page }) => {
    page.phone.title = title;
  });
  const storage = createFolderStorage(folder);
  const deps: ScanDeps = {
    db,
    clock,
    scanner,
    assets: createAssetStore({ storage, origin: 'http://assets.example', signingSecret: newId(), clock }),
    gate: createStepGate({ db, stopFile: createStopFile('/nowhere'), worker: title }),
    spend: createSpender({ db, clock, caps: TEST_CAPS }),
    cpu: createCpuMeter(),
    cpuSecondMicroUsd: 20,
  };
  return deps;
}

/** An audit whose site was fetched. */
async function fetched() {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const audit = await insertAudit(database, owner);
  const run = await insertRun(database, owner);
  await database.admin`update audits set status = 'running', url = ${`https://${HOST}/`},
    agent_version = ${TRIAGE_AGENT.version}, playbook_version = (select version from playbooks
      where slug = 'triage-standard') where id = ${audit}`;
  const ids = { run_id: run, principal_id: tenant.keys.owner.id, lead_id: null, audit_id: audit };
  const input = { version: 1, tenant: tenant.id, ...ids } as const;
  await fetchSiteFacts(attempt('fetch'), input, call());
  return input;
}

const call = () => ({ signal: new AbortController().signal, key: newId() });

async function stored(audit: string) {
  const [row] =
    await database.admin`select facts, phone_screenshot_id as phone from audits where id = ${audit}`;
  const assets =
    await database.admin`select id from assets where audit_id = ${audit} and kind = 'screenshot'`;
  return { facts: row!.facts, phone: row!.phone, screenshots: assets.length };
}

// sabotage: src/triage/triage-room/scan-steps.ts :: isDeepStrictEqual(factsOf(audit)[step], factsOf(before)[step]) => true
test('an attempt that wakes up after another one has stored the step changes nothing of it', async () => {
  const input = await fetched();
  const asleep = gate();
  const late = inspectSite(attempt('late', asleep), input, call());
  await asleep.reached;
  await inspectSite(attempt('in time'), input, call());
  const before = await stored(input.audit_id);
  asleep.open();
  await late;
  expect(before.facts.page.phone.title).toBe('in time');
  expect(before.screenshots).toBe(2);
  expect(await stored(input.audit_id)).toEqual(before);
});

test.each([
  // sabotage: src/triage/triage-room/scan-steps.ts :: audit.score === before.score && =>
  ['scored', { score: 80 }],
  // sabotage: src/triage/triage-room/scan-steps.ts :: audit?.status === 'running' && => audit !== null &&
  ['ended', { status: 'held' }],
])('an attempt that wakes up after the audit was %s changes nothing of it', async (_, change) => {
  const input = await fetched();
  await inspectSite(attempt('in time'), input, call());
  const asleep = gate();
  const late = measureSite(attempt('in time', asleep), input, call());
  await asleep.reached;
  const { admin } = database;
  await admin`update audits set ${admin(change)} where id = ${input.audit_id}`;
  asleep.open();
  await late;
  expect(Object.keys((await stored(input.audit_id)).facts).sort()).toEqual(['fetch', 'page']);
});
