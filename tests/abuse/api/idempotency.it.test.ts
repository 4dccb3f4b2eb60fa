import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../support/app.ts';
import { insertLead, insertRun } from '../../support/rows.ts';
import { createKey, createTenant, type TestTenant } from '../../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const post = (path: string, key: string, json: unknown, headers = tenant.keys.owner.headers) =>
  app.request('POST', path, { headers: { ...headers, 'idempotency-key': key }, json });
const person = (subject: string) => ({ issuer: 'https://id.example', subject, role: 'viewer' });

// sabotage: src/journal/idempotency/repository.ts :: if (!lock?.locked) throw inProgress(); =>
test('50 equal POSTs at once make one member, one audit row and one run; the others get its answer or 409 in progress', async () => {
  const json = { url: 'https://fifty.example', triage: true };
  const answers = await Promise.all(Array.from({ length: 50 }, () => post('/v1/leads', 'fifty', json)));
  const made = answers.filter(({ status }) => status === 201);
  const waiting = answers.filter(({ status }) => status === 409);
  expect(made.length).toBeGreaterThanOrEqual(1);
  expect(made.length + waiting.length).toBe(50);
  expect(new Set(made.map(({ text }) => text)).size).toBe(1);
  for (const { body, headers } of waiting) {
    expect(body.error).toBe('idempotency_key_in_progress');
    expect(headers.get('retry-after')).toBe('1');
  }
  const [counts] = await app.database.admin`select
    (select count(*)::int from leads where domain = 'fifty.example') as leads,
    (select count(*)::int from runs where tenant_id = ${tenant.id}) as runs,
    (select count(*)::int from audit_log where tenant_id = ${tenant.id} and action = 'lead.created') as log`;
  expect(counts).toEqual({ leads: 1, runs: 1, log: 1 });
  expect(app.gateway.started).toHaveLength(1);
});

test('a repeated POST answers the same, and says that it is a repetition', async () => {
  const first = await post('/v1/members', 'repeat', person('repeat'));
  const again = await post('/v1/members', 'repeat', person('repeat'));
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(again.headers.get('idempotency-replayed')).toBe('true');
});

// sabotage: src/journal/idempotency/repository.ts :: if (row.requestHash !== use.requestHash) { => if (false) {
// sabotage: src/journal/idempotency/repository.ts :: eq(idempotencyKeys.principalId, use.principalId), =>
test('the same key with another body, path or key holder is told apart', async () => {
  await post('/v1/members', 'shared', person('shared-1'));
  const other = await post('/v1/members', 'shared', person('shared-2'));
  expect([other.status, other.body.error]).toEqual([409, 'idempotency_key_mismatch']);
  const admin = await post('/v1/members', 'shared', person('shared-3'), tenant.keys.admin.headers);
  expect(admin.status).toBe(201);
  const elsewhere = await createTenant(app.database);
  const foreign = await post('/v1/members', 'shared', person('shared-1'), elsewhere.keys.owner.headers);
  expect(foreign.status).toBe(201);
  expect(foreign.headers.get('idempotency-replayed')).toBeNull();
});

// sabotage: src/api/kit/idempotency.ts :: if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH) { => if (false) {
test.each([['a'.repeat(256)], [''], ['with blank'], ['ünicode']])('400 for the key %j', async (key) => {
  const { status, body } = await post('/v1/members', key, person('bad-key'));
  expect([status, body.error]).toEqual([400, 'idempotency_key_invalid']);
});

test('255 characters are fine', async () => {
  expect((await post('/v1/members', 'k'.repeat(255), person('long-key'))).status).toBe(201);
});

test('a refusal is final and repeated as it was', async () => {
  await post('/v1/members', 'taken-1', person('taken'));
  const refused = await post('/v1/members', 'taken-2', person('taken'));
  expect([refused.status, refused.body.error]).toEqual([409, 'conflict']);
  await app.database.admin`delete from members where subject = 'taken'`;
  const again = await post('/v1/members', 'taken-2', person('taken'));
  expect([again.status, again.body.error, again.body.message]).toEqual([
    409,
    'conflict',
    refused.body.message,
  ]);
});

test('an answer that passes by itself is not kept: 503 while Temporal is away, then the real one', async () => {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const run = await insertRun(app.database, owner, {
    leadId: await insertLead(app.database, owner),
    status: 'started',
  });
  const [row] = await app.database.admin`select workflow_id from runs where id = ${run}`;
  await app.gateway.start({ workflowId: row!.workflow_id } as never);
  app.gateway.up = false;
  const away = await post(`/v1/runs/${run}/cancel`, 'cancel', { reason: 'enough' });
  expect([away.status, away.body.error]).toEqual([503, 'temporal_unavailable']);
  expect(away.headers.get('retry-after')).toBe('5');
  app.gateway.up = true;
  const back = await post(`/v1/runs/${run}/cancel`, 'cancel', { reason: 'enough' });
  expect(back.status, back.text).toBe(202);
  const again = await post(`/v1/runs/${run}/cancel`, 'cancel', { reason: 'enough' });
  expect([again.status, again.body]).toEqual([202, back.body]);
  expect(app.gateway.signals).toHaveLength(1);
});

// sabotage: src/api/kit/idempotency.ts :: const blank = (reply.secretFields ?? []).map((field) => [field, '']); => const blank: [string, string][] = [];
test('a new API key is answered once: what is stored has it blank', async () => {
  const json = { name: 'ci', role: 'viewer' };
  const first = await post('/v1/keys', 'new-key', json);
  expect(first.body.key).toMatch(/^agos_[0-9a-f]{8}_[\w-]{43}$/);
  const again = await post('/v1/keys', 'new-key', json);
  expect(again.body).toEqual({ ...first.body, key: '' });
  const stored = await app.database.admin`select body::text from idempotency_keys`;
  expect(JSON.stringify(stored)).not.toContain(first.body.key);
});

test('a key is kept for 24 hours, then it is new again and the old row is gone', async () => {
  await post('/v1/members', 'old', person('old-1'));
  await app.database
    .admin`update idempotency_keys set expires_at = now() - interval '1 second' where key = 'old'`;
  const later = await post('/v1/members', 'old', person('old-2'));
  expect(later.status).toBe(201);
  const [row] = await app.database.admin`select extract(epoch from expires_at - created_at)::int as kept
    from idempotency_keys where key = 'old'`;
  expect(row).toEqual({ kept: 24 * 60 * 60 });
});

test('what was not committed is not remembered', async () => {
  const key = await createKey(app.database, tenant.id, 'owner');
  const blocker = app.database.admin.begin(async (sql) => {
    await sql`lock table audit_log in access exclusive mode`;
    await new Promise((resolve) => setTimeout(resolve, 6_000));
  });
  const failed = await post('/v1/members', 'rolled-back', person('rolled-back'), key.headers);
  expect([failed.status, failed.body.error]).toEqual([503, 'database_unavailable']);
  await blocker;
  expect(await app.database.admin`select 1 from members where subject = 'rolled-back'`).toHaveLength(0);
  expect((await post('/v1/members', 'rolled-back', person('rolled-back'), key.headers)).status).toBe(201);
});

/** Lets the database refuse what is done to one key's row, until the test is over. */
async function withRefusal(when: 'insert' | 'delete', condition: string, work: () => Promise<void>) {
  const { admin } = app.database;
  await admin.unsafe(`create function refuse_it() returns trigger language plpgsql as
    $$ begin raise exception 'refused'; end $$`);
  await admin.unsafe(`create trigger refuse_it before ${when} on idempotency_keys
    for each row when (${condition}) execute function refuse_it()`);
  try {
    await work();
  } finally {
    await admin`drop function refuse_it cascade`;
  }
}

// sabotage: src/api/kit/execute.ts :: call.deps.logger.warn({ err: error, request_id: call.base.requestId }, failed); => throw error;
test('expired keys that cannot be forgotten cost nobody the answer nor its run', async () => {
  await post('/v1/members', 'stale', person('stale'));
  await app.database.admin`update idempotency_keys set expires_at = now() - interval '1 second'
    where key = 'stale'`;
  await withRefusal('delete', "old.key = 'stale'", async () => {
    const before = app.gateway.started.length;
    const answer = await post('/v1/leads', 'beside-stale', { url: 'https://stale.example', triage: true });
    expect(answer.status).toBe(201);
    expect(app.gateway.started).toHaveLength(before + 1);
    expect(app.logs.join('\n')).toContain('expired idempotency keys could not be forgotten');
  });
});

// sabotage: src/api/kit/execute.ts :: call.deps.logger.warn({ err: error, request_id: call.base.requestId }, failed); => throw error;
// sabotage: src/journal/runs/cancel-run.ts :: if (run.status === 'cancelled' && run.cancelRequestedBy === scope.actor.id) return run; =>
test('a cancellation whose answer could not be stored is answered, and answered the same when repeated', async () => {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const run = await insertRun(app.database, owner, { leadId: await insertLead(app.database, owner) });
  const cancel = () => post(`/v1/runs/${run}/cancel`, 'unstored', {});
  await withRefusal('insert', "new.key = 'unstored' and new.status <> 0", async () => {
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  });
  const again = await cancel();
  expect(again).toMatchObject({ status: 200, body: { status: 'cancelled' } });
  expect(again.headers.get('idempotency-replayed')).toBeNull();
});
