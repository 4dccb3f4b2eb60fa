import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { importDeps, readWhole, uploadLeads } from '../../../tests/support/imports.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import type { ImportFileDeps } from './import-file.ts';
import { keepPlansOfChecks } from './plans-of-checks.ts';

describe('a file of leads', () => {
  let app: TestApp;
  let tenant: TestTenant;

  beforeAll(async () => {
    app = await createTestApp();
  });
  beforeEach(async () => {
    tenant = await createTenant(app.database);
  });
  afterAll(() => app?.close());

  const get = async (path: string) =>
    (await app.request('GET', path, { headers: tenant.keys.owner.headers })).body;
  const importing = async (content: string | Uint8Array<ArrayBuffer>, ...more: [object?, object?]) => {
    const { id, input } = await uploadLeads(app, tenant, content, more[0]);
    await readWhole(app, input, more[1]);
    return id;
  };
  const countsOf = async (id: string) => (await get(`/v1/batches/${id}`)).counts;
  const leads = async () => (await get('/v1/leads?limit=100&sort=created_at')).data;
  const lineErrors = async (id: string) => {
    const { data } = await get(`/v1/batches/${id}/items?with_errors=true&limit=100`);
    return data.flatMap((item: { line: number; errors: { column: string | null; code: string }[] }) =>
      item.errors.map(({ column, code }) => [item.line, column, code]),
    );
  };
  /** All that an import can change, without ids and times. */
  const everything = async () => {
    const { admin } = app.database;
    return {
      leads:
        await admin`select domain, url, company_name, industry, notes, metadata, source, version from leads
        where tenant_id = ${tenant.id} order by domain`,
      contacts: await admin`select domain, name, email, phone, linkedin_url, title from contacts c
        join leads l on l.id = c.lead_id where c.tenant_id = ${tenant.id} order by 1, 2, 3, 4`,
    };
  };

  const MIXED = [
    'Website,Company,E-mail,Contact Name,Region',
    'https://a.example,A,ann@a.example,Ann,North',
    'b.example,"B, of',
    'two lines",,Bob,',
    '',
    'javascript:alert(1),Evil,,,',
    'www.a.example,A again,joe@a.example,Joe,South',
    'c.example,C',
    'd.example,"open,,,',
    'e.example,E,not-a-mail,Eve,=HYPERLINK("x")',
    'Website,Company,E-mail,Contact Name,Region',
    'f.example,F\u0000,,,',
  ].join('\n');

  test('becomes leads, people and metadata; what is wrong is told by line, column and reason', async () => {
    const id = await importing(MIXED);
    expect(await countsOf(id)).toMatchObject({
      total: 9,
      created: 3,
      duplicates: 1,
      rejected: 5,
      processed: 6,
      updated: 0,
    });
    expect(await lineErrors(id)).toEqual([
      [6, 'Website', 'url_scheme_not_allowed'],
      [8, null, 'column_count'],
      [9, null, 'csv_invalid'],
      [10, 'E-mail', 'email_invalid'],
      [11, null, 'header_again'],
      [12, 'Company', 'invalid_text'],
    ]);
    expect(await leads()).toMatchObject([
      {
        domain: 'a.example',
        company_name: 'A',
        metadata: { Region: 'North' },
        source: 'import',
        batch_id: id,
      },
      { domain: 'b.example', company_name: 'B, of\ntwo lines', url: 'b.example/' },
      { domain: 'e.example', metadata: { Region: '=HYPERLINK("x")' } },
    ]);
    expect((await everything()).contacts.map((row) => `${row.domain} ${row.name} ${row.email}`)).toEqual([
      'a.example Ann ann@a.example',
      'a.example Joe joe@a.example',
      'b.example Bob null',
      'e.example Eve null',
    ]);
  });

  test.each([1, 2, 3, 4, 7])(
    'gives the same result in chunks of %i lines, one call for each',
    async (lines) => {
      const id = await importing(MIXED, {}, { chunkLines: lines, lines });
      const inParts = { ...(await everything()), errors: await lineErrors(id), counts: await countsOf(id) };
      tenant = await createTenant(app.database);
      const whole = await importing(MIXED);
      expect(inParts).toEqual({
        ...(await everything()),
        errors: await lineErrors(whole),
        counts: await countsOf(whole),
      });
    },
  );

  // sabotage: src/leads/batches/store-lines.ts :: return lines.filter((one) => !known.has(one.line)); => return [...lines];
  test('read again from its beginning, as after a crash, changes nothing and brings no removed lead back', async () => {
    const { id, input } = await uploadLeads(app, tenant, MIXED);
    await readWhole(app, input, { chunkLines: 2 });
    await app.database.admin`update leads set deleted_at = now()
      where tenant_id = ${tenant.id} and domain = 'b.example'`;
    const once = [await everything(), await countsOf(id), await lineErrors(id)];
    await readWhole(app, input, { chunkLines: 3 });
    expect([await everything(), await countsOf(id), await lineErrors(id)]).toEqual(once);
  });

  test('imported a second time adds no row and changes no lead', async () => {
    await importing(MIXED);
    const once = await everything();
    const id = await importing(MIXED);
    expect(await everything()).toEqual(once);
    expect(await countsOf(id)).toMatchObject({ created: 0, updated: 3, duplicates: 1, rejected: 5 });
  });

  // sabotage: src/leads/batches/store-lines.ts :: companyName: sql`coalesce(${leads.companyName}, ${lead.companyName})` => companyName: lead.companyName
  test('imported a second time with more in it fills what was empty and overwrites nothing', async () => {
    await importing('url,company,email,phone\na.example,A,ann@a.example,\n');
    await importing(
      'url,company,notes,email,phone,region\na.example,Other,From the fair,ANN@a.example,0115 496 0173,North\n',
    );
    expect((await everything()).leads).toMatchObject([
      { company_name: 'A', notes: 'From the fair', metadata: { region: 'North' } },
    ]);
    expect((await everything()).contacts).toMatchObject([{ email: 'ann@a.example', phone: '0115 496 0173' }]);
  });

  // sabotage: src/leads/batches/read-row.ts :: raw.replace(/^[ \u00a0]+|[ \u00a0]+$/g, '') => raw.trim()
  test.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', '\n=1'])(
    'keeps a cell %j as it is, and an export disarms it',
    async (text) => {
      await importing(`url,notes\na.example,"${text}"\n`);
      expect((await leads())[0].notes).toBe(text);
      const { text: csv } = await app.request('GET', '/v1/leads.csv', { headers: tenant.keys.owner.headers });
      expect(csv).toContain(`'${text}`);
    },
  );

  // sabotage: src/leads/batches/read-row.ts :: value.includes('\ufffd') || =>
  test('in another encoding loses the cells that cannot be read, line by line', async () => {
    const latin1 = Buffer.from('url,company,ort\na.example,Café,x\nb.example,Plain,y\n', 'latin1');
    const id = await importing(Uint8Array.from(latin1));
    expect(await lineErrors(id)).toEqual([[2, 'company', 'encoding_invalid']]);
    expect((await leads()).map((lead: { domain: string }) => lead.domain)).toEqual(['b.example']);
  });

  test('in UTF-16 with its mark is read whole', async () => {
    const utf16 = Buffer.from('\ufeffurl;company\na.example;Bäckerei 🥨\n', 'utf16le');
    await importing(Uint8Array.from(utf16));
    expect(await leads()).toMatchObject([{ domain: 'a.example', company_name: 'Bäckerei 🥨' }]);
  });

  test('says what is wrong with its header, which is no line of it', async () => {
    const id = await importing('url,name,name\na.example,first,second\n');
    expect(await lineErrors(id)).toEqual([[1, 'name', 'header_repeated']]);
    expect(await countsOf(id)).toMatchObject({ total: 1, created: 1, rejected: 0 });
  });

  test('as the JSON of an Airtable view is imported alike, and known as such', async () => {
    const records = [
      { id: 'rec1', fields: { Website: 'a.example', Name: 'A', Photos: [{ url: 'x' }] } },
      { id: 'rec2', fields: { Name: 'No site' } },
    ];
    const id = await importing(JSON.stringify({ records }), { mime: 'application/json' });
    expect(await get(`/v1/batches/${id}`)).toMatchObject({ format: 'airtable', counts: { created: 1 } });
    expect(await lineErrors(id)).toEqual([
      [1, 'Photos', 'cell_invalid'],
      [2, 'url', 'url_missing'],
    ]);
  });

  test('counts a lead that has its result already, and waits for the others', async () => {
    await importing('url\na.example\nb.example\nc.example\n', { query: { triage: 'false' } });
    const { admin } = app.database;
    await admin`update leads set status = 'disqualified' where tenant_id = ${tenant.id} and domain = 'a.example'`;
    await admin`update leads set status = 'presenting' where tenant_id = ${tenant.id} and domain = 'b.example'`;
    const id = await importing('url\na.example\nb.example\nc.example\nd.example\n');
    expect(await countsOf(id)).toMatchObject({
      total: 4,
      updated: 3,
      created: 1,
      processed: 2,
      qualified: 1,
      disqualified: 1,
    });
  });

  // sabotage: src/leads/batches/plans-of-checks.ts :: then 'force_custom_plan' else => then 'auto' else
  // sabotage: src/leads/batches/plans-of-checks.ts :: else 'auto' end => else 'force_custom_plan' end
  test('reads a few rows for each of its lines, before the server knows how many there are and after', async () => {
    const LINES = 3_000;
    const { admin } = app.database;
    const content = `url\n${Array.from({ length: LINES }, (_, n) => `many-${n}.example`).join('\n')}\n`;
    const sums = async () => {
      // A connection tells what it has counted when it ends.
      await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where datname = current_database() and usename = 'agos_app'`;
      const [row] = await admin<{ added: number; read: number }[]>`select n_tup_ins::int as added,
        (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_user_tables where relname = 'leads'`;
      return row!;
    };
    const modeOfChecks = () =>
      app.database.db.withTenant(tenant.scope, async (tx) => {
        await keepPlansOfChecks(tx);
        return (await tx.execute('show plan_cache_mode')).rows[0]?.plan_cache_mode;
      });
    for (const [isKnown, mode, most] of [
      [false, 'force_custom_plan', 200],
      [true, 'auto', 20],
    ] as const) {
      if (isKnown) await admin`analyze leads, batch_items`;
      expect(await modeOfChecks()).toBe(mode);
      tenant = await createTenant(app.database);
      const before = await sums();
      await importing(content, {}, { chunkLines: 250 });
      const after = await sums();
      expect(after.added - before.added).toBe(LINES);
      expect(after.read - before.read).toBeLessThan(LINES * most);
    }
  });

  test('gives its industry to leads whose line names none', async () => {
    await importing('url,industry\na.example,\nb.example,law\n', { query: { industry: 'retail' } });
    expect((await leads()).map((lead: { industry: string }) => lead.industry)).toEqual(['retail', 'law']);
  });

  test.each([
    ['text/csv', '', 'csv_invalid'],
    ['text/csv', 'name,phone\nA,1\n', 'csv_invalid'],
    ['text/csv', 'url,name\n\n\n', 'csv_invalid'],
    ['application/json', '{"a":', 'invalid_json'],
    ['application/json', '{"a": 1}', 'validation_failed'],
  ])('of %s that says %j cannot be read, and says why', async (mime, content, code) => {
    const { input } = await uploadLeads(app, tenant, content, { mime });
    await expect(readWhole(app, input)).rejects.toMatchObject({ code });
  });

  // sabotage: src/leads/batches/import-file.ts :: countRows(MAX_LINES + 1) => countRows(MAX_LINES)
  test.each([
    ['text/csv', `url\n${'a.example\n'.repeat(100_001)}`],
    ['application/json', `[${'{},'.repeat(100_000)}{}]`],
  ])(
    'of %s with more lines than an import may have is refused before one is stored',
    async (mime, content) => {
      const { id, input } = await uploadLeads(app, tenant, content, { mime });
      await expect(readWhole(app, input)).rejects.toMatchObject({ code: 'too_many_lines' });
      expect(await countsOf(id)).toMatchObject({ total: 0 });
    },
  );

  // sabotage: src/leads/batches/import-file.ts :: if (isReadingJson) return { position: from, done: false, busy: true }; =>
  test('of JSON is opened when the one before it has been worked through', async () => {
    const deps = importDeps(app);
    const storedBefore: number[] = [];
    const read: ImportFileDeps['assets']['read'] = async (asset) => {
      const { admin } = app.database;
      const [row] =
        await admin`select count(*)::int as lines from batch_items where tenant_id = ${tenant.id}`;
      storedBefore.push(row?.lines);
      return deps.assets.read(asset);
    };
    const files = ['a.example', 'b.example', 'c.example'].map((url) => JSON.stringify([{ url }]));
    const uploads = await Promise.all(
      files.map((content) => uploadLeads(app, tenant, content, { mime: 'application/json' })),
    );
    const watched = { ...deps, assets: { ...deps.assets, read } };
    await Promise.all(uploads.map(({ input }) => readWhole(app, input, {}, watched)));
    expect(storedBefore).toEqual([0, 1, 2]);
  });

  test('imported twice at the same time makes each lead and each person once', async () => {
    const rows = Array.from({ length: 300 }, (_, n) => `${n}.example,P${n},p${n}@x.example`);
    const [one, two] = [rows, rows.toReversed()].map((lines) => `url,contact,email\n${lines.join('\n')}\n`);
    const batches = await Promise.all([one!, two!].map((content) => uploadLeads(app, tenant, content)));
    await Promise.all(batches.map(({ input }) => readWhole(app, input, { chunkLines: 50 })));
    const { leads: rowsOfLeads, contacts } = await everything();
    expect([rowsOfLeads.length, contacts.length]).toEqual([300, 300]);
    const counts = await Promise.all(batches.map(({ id }) => countsOf(id)));
    expect(counts[0].created + counts[1].created).toBe(300);
    expect(counts[0].updated + counts[1].updated).toBe(300);
  });
});
