import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { createKey, createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
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
  const rows = Array.from({ length: 1_203 }, (_, n) => ({
    tenant_id: tenant.id,
    id: newId(),
    domain: `${n}.example`,
  }));
  const by = { source: 'api', created_by: tenant.keys.owner.id };
  await app.database.admin`insert into leads ${app.database.admin(
    rows.map((row) => ({ ...row, ...by, url: `https://${row.domain}/` })),
  )}`;
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

// sabotage: src/journal/audit-log/schemas.ts :: resourceType: query.resource_type, =>
// sabotage: src/journal/audit-log/schemas.ts :: to: query.to, =>
test('a list can be asked for by kind of thing and until a moment', async () => {
  const [lead, other] = [
    await get('/v1/audit-log?resource_type=lead'),
    await get('/v1/audit-log?resource_type=alert'),
  ];
  expect(lead.body.data.length).toBeGreaterThan(0);
  expect(new Set(lead.body.data.map((one: { resource: { type: string } }) => one.resource.type))).toEqual(
    new Set(['lead']),
  );
  expect(other.body.data).toEqual([]);
  const { at } = lead.body.data[0];
  const until = (await get(`/v1/audit-log?limit=100&to=${encodeURIComponent(at)}`)).body.data;
  expect(until.length).toBeGreaterThan(0);
  for (const one of until) expect(one.at < at).toBe(true);
});

async function begin(path: string, { headers } = tenant.keys.owner): Promise<() => Promise<boolean>> {
  const { body } = await app.app.request(path, { headers });
  const reader = body!.getReader();
  return async () => (await reader.read()).done;
}

// sabotage: src/api/kit/export.ts :: const { scope } = begun ? await confirmed(caller) : caller.identity; => const { scope } = caller.identity;
test.each(['/v1/audit-log.ndjson', '/v1/leads.csv'])(
  '%s breaks off when its key is revoked in the middle',
  async (path) => {
    const key = await createKey(app.database, tenant.id, 'owner');
    const isOver = await begin(path, key);
    expect(await isOver()).toBe(false);
    await app.request('DELETE', `/v1/keys/${key.id}`, { headers: tenant.keys.owner.headers });
    // The next page may have been read already.
    const rest = (async () => {
      while (!(await isOver()));
    })();
    await expect(rest).rejects.toMatchObject({ code: 'token_invalid' });
  },
);

// sabotage: src/api/kit/execute.ts :: db: patient(deps.db), => db: deps.db,
test('an export that waits for a lock gives up as any request does', async () => {
  const [locked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holder = app.database.admin.begin(async (tx) => {
    await tx`lock table audit_log in access exclusive mode`;
    locked.resolve();
    await held.promise;
  });
  await locked.promise;
  const isOver = await begin('/v1/audit-log.ndjson');
  const late = sleep(15_000).then(() => 'still waiting');
  const answer = Promise.race([isOver(), late]);
  await expect(answer).rejects.toMatchObject({ cause: { code: '55P03' } });
  held.resolve();
  await holder;
}, 40_000);

// sabotage: src/journal/audit-log/record.ts :: userAgent: ctx.userAgent ?? null, => userAgent: null,
// sabotage: src/api/kit/mount.ts :: .replace(/\p{Cc}/gu, '\ufffd') || null; => || null;
test('an entry says from where a request came and what its program calls itself, as far as that is of use', async () => {
  const { headers } = tenant.keys.owner;
  const add = (userAgent: string) =>
    app.request('POST', '/v1/leads', {
      headers: { ...headers, 'user-agent': userAgent },
      json: { url: `https://${newId()}.example/`, triage: false },
    });
  for (const [sent, shown] of [
    ['acme-crm/2.1', 'acme-crm/2.1'],
    ['x'.repeat(1_000), 'x'.repeat(300)],
    ['crm \u009b31m', 'crm \ufffd31m'],
  ] as const) {
    const { status, body } = await add(sent);
    expect(status).toBe(201);
    const { body: log } = await get(`/v1/audit-log?resource_id=${body.lead.id}`);
    expect(log.data).toMatchObject([{ action: 'lead.created', user_agent: shown }]);
  }
});
