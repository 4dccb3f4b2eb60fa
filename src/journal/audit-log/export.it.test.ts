import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { newId } from '../../runtime/ids.ts';
import { recordAudit } from './record.ts';

let app: TestApp;
let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database, 'Tenant');
  stranger = await createTenant(app.database, 'Stranger');
  await write(1_203, 'lead.created');
  await write(3, 'lead.deleted');
}, 60_000);
afterAll(() => app.close());

async function write(count: number, action: string): Promise<void> {
  await app.database.db.withTenant(tenant.scope, async (tx) => {
    const ctx = { tx, scope: tenant.scope, requestId: null, address: '192.0.2.1' };
    for (let n = 0; n < count; n += 1) {
      await recordAudit(ctx, {
        action,
        resourceType: 'lead',
        resourceId: newId(),
        details: { domain: '=1+1' },
      });
    }
  });
}

const get = (path: string, who = tenant) => app.request('GET', path, { headers: who.keys.owner.headers });

/** Every entry as the list shows it, oldest first. */
async function listed(): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await get(`/v1/audit-log?sort=at&limit=100${cursor}`);
    all.push(...body.data);
    if (body.next_cursor === null) return all;
    cursor = `&cursor=${encodeURIComponent(body.next_cursor)}`;
  }
}

// sabotage: src/api/kit/export.ts :: after = next; => after = null;
test('an export has every entry of the list once, over more pages than one', async () => {
  const { status, headers, text } = await get('/v1/audit-log.ndjson');
  expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const entries = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries.length).toBeGreaterThan(1_200);
  expect(entries).toEqual(await listed());
});

test('CSV says the same, and nothing in it is taken for a formula', async () => {
  const { status, headers, text } = await get('/v1/audit-log.csv?action=lead.deleted');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/csv']);
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(3);
  for (const row of rows) {
    expect(row).toMatchObject({ actor_kind: 'key', actor_id: tenant.keys.owner.id, action: 'lead.deleted' });
    expect(JSON.parse(row.details!)).toEqual({ domain: '=1+1' });
    for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+\-@]/);
  }
});

test('filters count in exports too, and another tenant is shown nothing', async () => {
  const none = await get(`/v1/audit-log.ndjson?actor_id=${newId()}`);
  expect(none.text).toBe('');
  const from = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
  expect((await get(`/v1/audit-log.ndjson?from=${from}`)).text).toBe('');
  expect((await get('/v1/audit-log.ndjson', stranger)).text).not.toContain(tenant.keys.owner.id);
});
