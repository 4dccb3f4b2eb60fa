import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { readWhole, uploadLeads } from '../../../tests/support/imports.ts';
import { createTenant, type TestKey, type TestTenant } from '../../../tests/support/tenant.ts';

const CSV = 'url,company\na.example,A\nb.example,B\nnot a url at all,C\n';

describe('batches over HTTP', () => {
  let app: TestApp;
  let tenant: TestTenant;
  let other: TestTenant;

  beforeAll(async () => {
    app = await createTestApp();
    [tenant, other] = [await createTenant(app.database), await createTenant(app.database, 'Other')];
  });
  afterAll(() => app?.close());

  const ask = (key: TestKey, method: string, path: string, body?: string) =>
    app.request(method, path, {
      headers: { ...key.headers, 'content-type': 'text/csv' },
      ...(body !== undefined && { body }),
    });

  test('an upload is stored, answered with its run, and started', async () => {
    const { operator } = tenant.keys;
    const answer = await ask(operator, 'POST', '/v1/batches?name=leads.csv&triage=true', CSV);
    expect(answer).toMatchObject({
      status: 202,
      body: {
        batch: {
          name: 'leads.csv',
          format: 'csv',
          status: 'pending',
          failure: null,
          paused: null,
          counts: { total: 0 },
        },
        run: { kind: 'import-leads', target: 'leads.csv' },
      },
    });
    const { batch, run } = answer.body;
    expect(answer.headers.get('location')).toBe(`/v1/runs/${run.id}`);
    expect([run.subject_id, batch.run_id]).toEqual([batch.id, run.id]);
    expect(app.gateway.started.at(-1)).toMatchObject({
      workflowId: `import:${tenant.id}:${batch.id}`,
      input: { batch_id: batch.id, run_id: run.id, principal_id: operator.id },
      summary: 'leads.csv',
    });
    const [asset] = await app.database.admin`select kind, size_bytes from assets
      where tenant_id = ${tenant.id}`;
    expect(asset).toEqual({ kind: 'import_file', size_bytes: String(CSV.length) });
  });

  test('an upload while Temporal is down is kept, and waits for the sweep', async () => {
    app.gateway.up = false;
    const answer = await ask(tenant.keys.operator, 'POST', '/v1/batches', CSV);
    app.gateway.up = true;
    expect(answer).toMatchObject({ status: 202, body: { run: { status: 'requested', ended_at: null } } });
  });

  test('an upload with the same Idempotency-Key is one batch', async () => {
    const headers = {
      ...tenant.keys.operator.headers,
      'content-type': 'text/csv',
      'idempotency-key': 'once',
    };
    const [one, two] = [
      await app.request('POST', '/v1/batches', { headers, body: CSV }),
      await app.request('POST', '/v1/batches', { headers, body: CSV }),
    ];
    expect(two.body).toEqual(one.body);
    const changed = await app.request('POST', '/v1/batches', { headers, body: `${CSV}x.example,X\n` });
    expect(changed).toMatchObject({ status: 409, body: { error: 'idempotency_key_mismatch' } });
  });

  test.each<[string, string, Record<string, string>, string | Uint8Array<ArrayBuffer>, number, string]>([
    ['an unknown query field', '?rows=3', {}, CSV, 422, 'unknown_field'],
    ['a word for a flag', '?triage=yes', {}, CSV, 422, 'validation_failed'],
    ['another media type', '', { 'content-type': 'application/zip' }, CSV, 415, 'unsupported_media_type'],
    ['a compressed body', '', { 'content-encoding': 'gzip' }, CSV, 415, 'unsupported_media_type'],
    ['too large a CSV file', '', {}, new Uint8Array(25_000_001), 413, 'body_too_large'],
    [
      'too large a JSON file',
      '',
      { 'content-type': 'application/json' },
      new Uint8Array(10_000_001),
      413,
      'body_too_large',
    ],
  ])('%s is refused', async (_, query, headers, body, status, error) => {
    const all = { ...tenant.keys.operator.headers, 'content-type': 'text/csv', ...headers };
    const answer = await app.request('POST', `/v1/batches${query}`, { headers: all, body });
    expect(answer).toMatchObject({ status, body: { error } });
  });

  test('its lines can be listed, filtered and paged', async () => {
    const rows = Array.from({ length: 30 }, (_, n) =>
      n % 3 === 0 ? `,no site ${n}` : `site-${n}.example,S`,
    );
    const { id, input } = await uploadLeads(app, tenant, `url,company\n${rows.join('\n')}\n`);
    await readWhole(app, input);
    const { owner } = tenant.keys;
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await ask(owner, 'GET', `/v1/batches/${id}/items?limit=7${after}`);
      seen.push(...body.data.map((item: { line: number }) => item.line));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, n) => n + 2));
    const of = async (filter: string) =>
      (await ask(owner, 'GET', `/v1/batches/${id}/items?limit=100&${filter}`)).body.data.length;
    expect([
      await of('with_errors=true'),
      await of('with_errors=false'),
      await of('outcome=rejected'),
      await of('state=pending'),
    ]).toEqual([10, 20, 10, 20]);
  });

  test('batches can be listed newest first, with their counts', async () => {
    const { id, input } = await uploadLeads(app, tenant, CSV, { query: { name: 'newest' } });
    await readWhole(app, input);
    const { body } = await ask(tenant.keys.analyst, 'GET', '/v1/batches?limit=2&status=processing');
    expect(body.data[0]).toMatchObject({ id, name: 'newest', counts: { total: 3, rejected: 1 } });
  });

  test('one that Temporal has not seen is cancelled at once', async () => {
    app.gateway.up = false;
    const { id } = await uploadLeads(app, tenant, CSV);
    app.gateway.up = true;
    const { operator } = tenant.keys;
    const answer = await app.request('POST', `/v1/batches/${id}/cancel`, { headers: operator.headers });
    expect(answer).toMatchObject({ status: 200, body: { status: 'cancelled', failure: null } });
    const again = await app.request('POST', `/v1/batches/${id}/cancel`, { headers: operator.headers });
    expect(again).toMatchObject({ status: 200, body: answer.body });
    const other = await app.request('POST', `/v1/batches/${id}/cancel`, {
      headers: tenant.keys.owner.headers,
    });
    expect(other).toMatchObject({ status: 409, body: { error: 'run_ended' } });
  });

  test('one at work is told to cancel, and answered as ending', async () => {
    const { id, input } = await uploadLeads(app, tenant, CSV);
    await readWhole(app, input);
    const answer = await app.request('POST', `/v1/batches/${id}/cancel`, {
      headers: tenant.keys.operator.headers,
      json: { reason: 'wrong file' },
    });
    expect(answer).toMatchObject({ status: 202, body: { id, status: 'processing' } });
    expect(app.gateway.signals.at(-1)).toEqual({
      workflowId: `import:${tenant.id}:${id}`,
      signal: 'cancel',
      argument: { reason: 'wrong file' },
    });
  });

  describe('who may see and do what', () => {
    let id: string;
    const paths = () => [
      ['GET', `/v1/batches/${id}`],
      ['GET', `/v1/batches/${id}/items`],
      ['POST', `/v1/batches/${id}/cancel`],
    ];

    beforeAll(async () => {
      id = (await uploadLeads(app, tenant, CSV)).id;
    });

    test('another tenant finds nothing', async () => {
      for (const [method, path] of paths()) {
        const answer = await app.request(method!, path!, { headers: other.keys.owner.headers });
        expect(answer).toMatchObject({ status: 404, body: { error: 'not_found' } });
      }
      expect((await ask(other.keys.owner, 'GET', '/v1/batches')).body.data).toEqual([]);
    });

    test.each(['editor', 'viewer'] as const)('a %s finds only own batches', async (role) => {
      for (const [method, path] of paths().slice(0, 2)) {
        const answer = await app.request(method!, path!, { headers: tenant.keys[role].headers });
        expect(answer).toMatchObject({ status: 404 });
      }
      expect((await ask(tenant.keys[role], 'GET', '/v1/batches')).body.data).toEqual([]);
    });

    test.each(['editor', 'analyst', 'viewer'] as const)(
      'a %s may neither import nor cancel',
      async (role) => {
        const { keys } = tenant;
        expect(await ask(keys[role], 'POST', '/v1/batches', CSV)).toMatchObject({
          status: 403,
          body: { error: 'permission_denied' },
        });
        expect(
          (await app.request('POST', `/v1/batches/${id}/cancel`, { headers: keys[role].headers })).status,
        ).toBe(403);
      },
    );
  });
});
