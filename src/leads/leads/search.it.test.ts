import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestKey, type TestTenant } from '../../../tests/support/tenant.ts';

const MANY = 100_000;

let app: TestApp;
let tenant: TestTenant;
let other: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
  other = await createTenant(app.database);
});
afterAll(() => app.close());

const named = (company: string, owner: { tenant?: TestTenant; by?: TestKey; to?: string } = {}) => {
  const of = owner.tenant ?? tenant;
  const createdBy = (owner.by ?? of.keys.owner).id;
  const row = { tenant: of.id, createdBy, assignedTo: owner.to ?? null };
  return insertLead(app.database, row, { company_name: company });
};
async function search(key: TestKey, q: string, more = ''): Promise<string[]> {
  const path = `/v1/leads?q=${encodeURIComponent(q)}&limit=100${more}`;
  const { status, body } = await app.request('GET', path, { headers: key.headers });
  expect(status).toBe(200);
  return body.data.map(({ id }: { id: string }) => id).sort();
}
/** Calls the function itself, as a caller would who found a way to send SQL. */
const callDirectly = (key: TestKey | null, q: string) => {
  const runtime = postgres(app.database.info.url, { max: 1, onnotice: () => {} });
  const found = runtime.begin(async (sql) => {
    const { tenant: id, actor } = key?.scope ?? {};
    if (id) {
      await sql`select set_config('agos.tenant_id', ${id}, true), set_config('agos.principal_id', ${actor!.id}, true),
        set_config('agos.sees_all', ${actor!.seesAll ? 'on' : 'off'}, true)`;
    }
    return sql<{ id: string }[]>`select agos_search_leads(${q}) as id`;
  });
  return found.then((rows) => rows.map(({ id }) => id).sort()).finally(() => runtime.end());
};

// sabotage: migrations/0008_search_in_leads.sql :: WHERE query ~ '[[:alnum:]]{3}' => WHERE true OR query ~ '[[:alnum:]]{3}'
describe.each(['Quarry & Sons', 'Q&'])('a search for %j', (text) => {
  test('finds leads of the own tenant only, for an editor the own and assigned ones only', async () => {
    const { editor, owner } = tenant.keys;
    const [foreign, own, assigned, everyones] = [
      await named(`${text} one`, { tenant: other }),
      await named(`${text} two`, { by: editor }),
      await named(`${text} three`, { to: tenant.members.editor.id }),
      await named(`${text} four`),
    ];
    const gone = await named(`${text} gone`);
    await app.database.admin`update leads set deleted_at = now() where id = ${gone}`;
    const ofMember = { ...editor, scope: tenant.members.editor.scope };
    for (const ask of [search, callDirectly]) {
      expect(await ask(owner, text)).toEqual([own, assigned, everyones].sort());
      expect(await ask(editor, text)).toEqual([own]);
      expect(await ask(other.keys.owner, text)).toEqual([foreign]);
      expect(await ask(other.keys.editor, text)).toEqual([]);
    }
    expect(await callDirectly(ofMember, text)).toEqual([assigned]);
    expect(await callDirectly(null, text)).toEqual([]);
  });
});

test('every character counts as itself, in any letter case, in the domain too', async () => {
  const { owner } = tenant.keys;
  const id = await named(String.raw`50%_off \ O'Neill "Ltd"`);
  for (const q of ['50%_', '%_O', '\\', "o'NEILL", '"ltd', '_off \\']) {
    expect(await search(owner, q), q).toContain(id);
  }
  for (const q of ['5%off', '50__off', 'O_Neill', '\\%']) expect(await search(owner, q), q).not.toContain(id);
  const { body } = await app.request('GET', `/v1/leads/${id}`, { headers: owner.headers });
  expect(await search(owner, body.domain.toUpperCase())).toEqual([id]);
});

test('it goes together with other filters', async () => {
  const { owner } = tenant.keys;
  const id = await named('Filtered Ltd');
  expect(await search(owner, 'filtered', '&status=new')).toEqual([id]);
  expect(await search(owner, 'filtered', '&status=qualified')).toEqual([]);
});

// sabotage: migrations/0008_search_in_leads.sql :: AND (l.domain ILIKE (SELECT text FROM pattern) OR => AND ((l.domain || '') ILIKE (SELECT text FROM pattern) OR
test(`in ${MANY} leads of one tenant it reads the trigram index`, async () => {
  const { admin } = app.database;
  await admin`insert into leads (tenant_id, id, url, domain, company_name, source, created_by)
    select ${tenant.id}, gen_random_uuid(), 'https://' || n || '.example/', md5(n::text) || '.example',
      'Company ' || md5((n + ${MANY})::text), 'import', ${tenant.keys.owner.id} from generate_series(1, ${MANY}) n`;
  await admin`analyze leads`;
  const wanted = await named('Needle in a haystack');
  const scans = async () => {
    const [row] = await admin`select pg_stat_get_numscans('leads_search'::regclass)::int as n`;
    return row!.n as number;
  };
  const before = await scans();
  expect(await search(tenant.keys.owner, 'needle in a hay')).toEqual([wanted]);
  await expect.poll(scans, { timeout: 30_000 }).toBeGreaterThan(before);
  // Plans of the function's own statement, as the runtime role has it: through the index, and no other way.
  const [body] = await admin`select prosrc from pg_proc where proname = 'agos_search_leads'`;
  const plan = await admin.begin(async (sql) => {
    await sql`select set_config('agos.tenant_id', ${tenant.id}, true), set_config('agos.sees_all', 'on', true)`;
    return sql.unsafe(`explain ${body!.prosrc.replaceAll(/\bquery\b/g, "'needle in a hay'::text")}`);
  });
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('leads_search');
});
