import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from '../../../tests/support/app.ts';
import { insertAudit, insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createFolderStorage } from './folder.ts';
import type { AssetRow } from './repository.ts';
import { type AssetStore, createAssetStore, type NewAsset } from './store.ts';

let app: TestApp;
let tenant: TestTenant;
let store: AssetStore;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
  store = createAssetStore({
    storage: createFolderStorage(app.assetsDir),
    origin: TEST_ASSETS_ORIGIN,
    signingSecret: TEST_SECRET,
    clock: systemClock,
  });
});
afterAll(() => app?.close());

const owner = () => ({ tenant: tenant.id, createdBy: tenant.keys.owner.id });

async function save(text: string, change: Partial<NewAsset> = {}): Promise<AssetRow> {
  const file = await store.put({ tenant: tenant.id, mime: 'text/html', bytes: Buffer.from(text) });
  return app.database.db.withTenant(tenant.scope, (tx) =>
    store.record(tx, file, {
      leadId: null,
      auditId: null,
      kind: 'report_html',
      filename: 'report.html',
      createdBy: tenant.keys.owner.id,
      ...change,
    }),
  );
}

const versionsOf = (leadId: string) => app.database.admin<{ version: number; is_latest: boolean }[]>`
  select version, is_latest from assets where lead_id = ${leadId} and kind = 'report_html'
    and filename = 'report.html' order by version`;

test('each save of a name of a lead is the next version, and the only latest one', async () => {
  const leadId = await insertLead(app.database, owner());
  for (const text of ['one', 'two', 'three']) await save(text, { leadId });
  await save('another name', { leadId, filename: 'other.html' });
  expect([...(await versionsOf(leadId))]).toEqual([
    { version: 1, is_latest: false },
    { version: 2, is_latest: false },
    { version: 3, is_latest: true },
  ]);
});

// sabotage: src/assets/files/repository.ts :: await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`); =>
test('saves at the same time each get a number of their own, without a gap, and one is the latest', async () => {
  const leadId = await insertLead(app.database, owner());
  const saves = Array.from({ length: 24 }, (_, index) => save(`report ${index}`, { leadId }));
  const saved = await Promise.all(saves);
  expect(saved.map((one) => one.version).sort((a, b) => a - b)).toEqual(saved.map((_, index) => index + 1));
  const stored = await versionsOf(leadId);
  expect(stored.map((one) => one.version)).toEqual(saved.map((_, index) => index + 1));
  expect(stored.filter((one) => one.is_latest)).toEqual([{ version: 24, is_latest: true }]);
});

// sabotage: src/assets/files/repository.ts :: return latest; => return insert(tx, { ...asset, version: latest.version + 1, isLatest: false });
test('a step that is repeated for its audit adds no version of the same bytes; another audit does', async () => {
  const leadId = await insertLead(app.database, owner());
  const [auditId, next] = [
    await insertAudit(app.database, owner()),
    await insertAudit(app.database, owner()),
  ];
  const first = await save('same', { leadId, auditId });
  expect((await save('same', { leadId, auditId })).id).toBe(first.id);
  expect(await save('changed', { leadId, auditId })).toMatchObject({ version: 2 });
  expect(await save('changed', { leadId, auditId: next })).toMatchObject({ version: 3 });
  expect(await versionsOf(leadId)).toHaveLength(3);
});

test('the files of an audit that keeps no lead count by audit, and imported files not at all', async () => {
  const auditId = await insertAudit(app.database, owner());
  await save('one', { auditId });
  expect(await save('two', { auditId })).toMatchObject({ version: 2, isLatest: true });
  for (const text of ['a', 'b'])
    expect(await save(text, { kind: 'import_file' })).toMatchObject({ version: 1, isLatest: true });
});

test('the database itself allows one latest version', async () => {
  const leadId = await insertLead(app.database, owner());
  await save('one', { leadId });
  await save('two', { leadId });
  const second = app.database.admin`update assets set is_latest = true where lead_id = ${leadId}`;
  await expect(second).rejects.toMatchObject({ constraint_name: 'assets_one_latest' });
});

test('the API lists files by lead, kind and latest, and the versions of one, page by page', async () => {
  const { headers } = tenant.keys.owner;
  const leadId = await insertLead(app.database, owner());
  const saved: AssetRow[] = [];
  for (const text of ['one', 'two', 'three']) saved.push(await save(text, { leadId }));
  const all = await app.request('GET', `/v1/assets?lead_id=${leadId}`, { headers });
  expect(all.body.data.map((one: { version: number }) => one.version)).toEqual([3, 2, 1]);
  const latest = await app.request('GET', `/v1/assets?lead_id=${leadId}&kind=report_html&latest=true`, {
    headers,
  });
  expect(latest.body.data).toMatchObject([{ id: saved[2]?.id, version: 3, is_latest: true }]);
  const path = `/v1/assets/${saved[0]?.id}/versions`;
  const first = await app.request('GET', `${path}?limit=2`, { headers });
  expect(first.body.data.map((one: { version: number }) => one.version)).toEqual([3, 2]);
  const rest = await app.request('GET', `${path}?limit=2&cursor=${first.body.next_cursor}`, { headers });
  expect(rest.body).toMatchObject({ data: [{ version: 1, is_latest: false }], next_cursor: null });
});

test('an editor lists the files of leads that it made or was given, and of no other', async () => {
  const { headers, id } = tenant.keys.editor;
  const given = await insertLead(app.database, { ...owner(), createdBy: id });
  const other = await insertLead(app.database, owner());
  await save('given', { leadId: given });
  await save('hidden', { leadId: other });
  const seen = await app.request('GET', '/v1/assets', { headers });
  expect(seen.body.data.map((one: { lead_id: string }) => one.lead_id)).toEqual([given]);
});
