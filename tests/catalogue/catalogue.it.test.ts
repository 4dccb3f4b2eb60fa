import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemScope } from '../../src/kernel/actor.ts';
import { newId } from '../../src/runtime/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import {
  insertAlert,
  insertAudit,
  insertBatch,
  insertKillSwitch,
  insertLead,
  insertRun,
  insertSsoConnection,
  insertWebhookDelivery,
  insertWebhookEndpoint,
  type Owner,
} from '../support/rows.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';
import {
  COLUMN_GRANTS,
  DEFINER_TRIGGERS,
  DEFINERS,
  FUNCTIONS,
  GLOBAL_TABLES,
  RUNTIME_GRANTS,
  SELF_TABLES,
  SYSTEM_DEFINERS,
  SYSTEM_TABLES,
} from './tables.ts';

let database: TestDatabase;
let app: postgres.Sql;
let system: postgres.Sql;
let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  app = postgres(database.info.url, { max: 2, onnotice: () => {} });
  system = postgres(database.info.systemUrl, { max: 1, onnotice: () => {} });
  tenant = await createTenant(database);
  stranger = await createTenant(database);
  await fillEveryTable({ tenant: tenant.id, createdBy: tenant.keys.owner.id });
});
afterAll(async () => {
  await app.end();
  await system.end();
  await database.close();
});

type Table = { name: string; kind: string; rls: boolean; forced: boolean; owner: string };

async function relations(): Promise<Table[]> {
  return database.admin<Table[]>`
    select c.relname as name, c.relkind as kind, c.relrowsecurity as rls, c.relforcerowsecurity as forced,
      pg_get_userbyid(c.relowner) as owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') order by 1`;
}

/** Rows in every tenant table, so that "0 rows" below means something. */
async function fillEveryTable(owner: Owner): Promise<void> {
  const { admin } = database;
  const leadId = await insertLead(database, owner);
  const run = await insertRun(database, owner, { leadId });
  await admin`update leads set status = 'scanning' where id = ${leadId}`;
  const audit = await insertAudit(database, owner, { leadId });
  const batch = await insertBatch(database, owner);
  const row = { tenant_id: owner.tenant, id: newId(), created_by: owner.createdBy, lead_id: leadId };
  await admin`insert into contacts ${admin({ ...row, name: 'Ada' })}`;
  await admin`insert into batch_items ${admin({
    tenant_id: owner.tenant,
    batch_id: batch,
    line: 2,
    lead_id: leadId,
    outcome: 'created',
    state: 'pending',
  })}`;
  await admin`insert into agent_runs ${admin({
    ...row,
    agent_slug: 'triage',
    agent_version: '1.0.0',
    room: 'triage',
    trigger: 'api',
    run_id: newId(),
    input: admin.json({}) as never,
  })}`;
  await admin`insert into model_calls ${admin({
    ...row,
    skill: 'triage-summary',
    generated_by: 'offline',
    request: admin.json({}) as never,
    duration_ms: 1,
  })}`;
  await admin`insert into approvals ${admin({
    ...row,
    kind: 'triage_score',
    run_id: newId(),
    workflow_id: 'w',
    arguments: admin.json({ audit }) as never,
    arguments_digest: 'd',
    policy_version: 'p',
    decidable_by: ['owner'],
    default_outcome: 'qualified',
    expires_at: new Date(),
  })}`;
  await insertKillSwitch(database, owner);
  await insertAlert(database, owner);
  await insertSsoConnection(database, owner);
  await admin`insert into global_kill_switches (id, reason, turned_on_by) values (${newId()}, 'a test', 'us')`;
  await admin`insert into run_steps ${admin({ ...row, run_id: run, step: 'fetch_site', worker: 'w:1' })}`;
  await admin`insert into credit_periods ${admin({ tenant_id: owner.tenant, month: '2026-11-01', granted: 1 })}`;
  await admin`insert into quota_usage ${admin({
    tenant_id: owner.tenant,
    user_id: owner.createdBy,
    kind: 'triage',
    month: '2026-11-01',
    used: 1,
  })}`;
  await admin`insert into request_buckets ${admin({ tenant_id: owner.tenant, used: 1, measured_at: new Date() })}`;
  await admin`insert into spend_days ${admin({ tenant_id: owner.tenant, day: '2026-11-24', spent_micro_usd: 1 })}`;
  await admin`insert into spend_months ${admin({
    tenant_id: owner.tenant,
    user_id: owner.createdBy,
    month: '2026-11-01',
    spent_micro_usd: 1,
  })}`;
  await admin`insert into spend_entries ${admin({
    ...row,
    key: 'run/1/1',
    kind: 'scan',
    day: '2026-11-24',
    reserved_micro_usd: 1,
    expires_at: new Date(),
  })}`;
  await insertWebhookDelivery(database, owner, await insertWebhookEndpoint(database, owner));
  await admin`insert into idempotency_keys ${admin({
    tenant_id: owner.tenant,
    route: 'POST /v1/leads',
    key: 'k',
    principal_id: owner.createdBy,
    request_hash: 'h',
    status: 201,
    headers: admin.json({}) as never,
    expires_at: new Date(Date.now() + 60_000),
  })}`;
}

describe('tables', () => {
  // sabotage: migrations/0002_forced_security_and_grants.sql :: EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name); => NULL;
  test('every one forces row-level security, and is a tenant’s, or is global for a written reason', async () => {
    const tables = (await relations()).filter(({ kind }) => kind === 'r' || kind === 'p');
    expect(tables.map(({ name }) => name)).toEqual(Object.keys(RUNTIME_GRANTS).sort());
    for (const { name, rls, forced } of tables) expect([name, rls, forced]).toEqual([name, true, true]);
    const columns = await database.admin<{ table: string; nullable: string }[]>`
      select table_name as table, is_nullable as nullable from information_schema.columns
      where table_schema = 'public' and column_name = 'tenant_id'`;
    const owned = new Map(columns.map(({ table, nullable }) => [table, nullable]));
    for (const { name } of tables) {
      if (GLOBAL_TABLES[name] || SELF_TABLES[name]) expect(owned.has(name), name).toBe(false);
      else expect(owned.get(name), `${name} needs a tenant_id that is never null`).toBe('NO');
    }
  });

  test('none belongs to a role that serves requests', async () => {
    for (const { name, owner } of await relations()) expect([name, owner]).toEqual([name, 'postgres']);
  });

  test('there is no view, sequence or foreign table that could go around the policies', async () => {
    const others = (await relations()).filter(({ kind }) => kind !== 'r');
    for (const { name, kind } of others) {
      expect(kind, `${name}: only views, and those as security_invoker`).toBe('v');
      const [view] = await database.admin`select reloptions from pg_class where relname = ${name}`;
      expect(view?.reloptions).toContain('security_invoker=true');
    }
  });
});

describe('policies', () => {
  test('each ties rows to the tenant of the transaction, for the runtime role alone', async () => {
    const policies = await database.admin<
      { table: string; name: string; roles: string[]; using: string; check: string }[]
    >`
      select tablename as table, policyname as name, roles::text[] as roles, qual as using, with_check as check
      from pg_policies where schemaname = 'public'`;
    for (const { table, name, roles, using, check } of policies) {
      expect(roles.length, `${name} must name its role`).toBe(1);
      if (roles[0] === 'postgres') continue;
      if (roles[0] === 'agos_system') {
        expect(SYSTEM_TABLES, name).toContain(table);
        continue;
      }
      expect(roles, name).toEqual(['agos_app']);
      if (GLOBAL_TABLES[table]) continue;
      expect(using, name).toContain('agos_tenant()');
      expect(check, name).toContain('agos_tenant()');
    }
  });

  test('no foreign key between tenant tables leaves the tenant out', async () => {
    const keys = await database.admin<
      { name: string; from: string; to: string; columns: string[]; target: string[] }[]
    >`
      select conname as name, conrelid::regclass::text as from, confrelid::regclass::text as to,
        (select array_agg(a.attname order by k.n) from unnest(conkey) with ordinality k(c, n)
          join pg_attribute a on a.attrelid = conrelid and a.attnum = k.c)::text[] as columns,
        (select array_agg(a.attname order by k.n) from unnest(confkey) with ordinality k(c, n)
          join pg_attribute a on a.attrelid = confrelid and a.attnum = k.c)::text[] as target
      from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`;
    expect(keys.length).toBeGreaterThan(10);
    for (const { name, to, columns, target } of keys) {
      expect(columns[0], name).toBe('tenant_id');
      expect(target[0], name).toBe(to === 'tenants' ? 'id' : 'tenant_id');
    }
  });

  test("a row cannot point at another tenant's row", async () => {
    const foreignLead = await insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
    const write = as(
      stranger,
      (sql) => sql`insert into contacts (tenant_id, id, lead_id, name, created_by)
      values (${stranger.id}, ${newId()}, ${foreignLead}, 'Eve', ${stranger.keys.owner.id})`,
    );
    await expect(write).rejects.toThrow(/foreign key/);
  });
});

describe('roles', () => {
  test('neither runtime role owns, bypasses, creates or inherits anything', async () => {
    const roles =
      await database.admin`select rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,
      (select count(*)::int from pg_auth_members m where m.member = r.oid) as memberships
      from pg_roles r where rolname in ('agos_app', 'agos_system') order by 1`;
    const powerless = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      memberships: 0,
    };
    expect([...roles]).toEqual([
      { rolname: 'agos_app', ...powerless },
      { rolname: 'agos_system', ...powerless },
    ]);
  });

  test('each may do with each table exactly what is written down', async () => {
    const grants = await database.admin<{ grantee: string; table: string; rights: string }[]>`
      select grantee, table_name as table, string_agg(privilege_type, ' ' order by privilege_type) as rights
      from information_schema.table_privileges where table_schema = 'public' and grantee <> 'postgres' group by 1, 2`;
    const of = (role: string) =>
      Object.fromEntries(
        grants.filter(({ grantee }) => grantee === role).map(({ table, rights }) => [table, rights]),
      );
    expect(of('agos_app')).toEqual(RUNTIME_GRANTS);
    expect(of('agos_system')).toEqual(Object.fromEntries(SYSTEM_TABLES.map((table) => [table, 'SELECT'])));
    expect(new Set(grants.map(({ grantee }) => grantee))).toEqual(new Set(['agos_app', 'agos_system']));
  });

  // sabotage: migrations/0015_grants_on_plans_quotas_and_spend.sql :: REVOKE UPDATE ON tenants FROM agos_app; => SELECT 1;
  test('where a table is not theirs to change, they change the columns that are written down', async () => {
    const columns = await database.admin<{ table: string; column: string }[]>`
      select c.relname as table, a.attname as column from pg_attribute a
        join pg_class c on c.oid = a.attrelid and c.relnamespace = 'public'::regnamespace
        cross join aclexplode(a.attacl) as granted
      where granted.grantee = 'agos_app'::regrole and granted.privilege_type = 'UPDATE' order by 1, 2`;
    const found = Object.groupBy(columns, ({ table }) => table);
    expect(
      Object.fromEntries(
        Object.entries(found).map(([table, list]) => [table, list?.map((one) => one.column)]),
      ),
    ).toEqual(COLUMN_GRANTS);
    for (const column of ['plan', 'subscription_status', 'status']) {
      const take = as(tenant, (sql) => sql`update tenants set ${sql(column)} = 'dominance'`);
      await expect(take, column).rejects.toThrow(/permission denied/);
    }
  });

  test('they cannot create anything in the schema', async () => {
    await expect(app`create table mine (id int)`).rejects.toThrow(/permission denied/);
    await expect(system`create table mine (id int)`).rejects.toThrow(/permission denied/);
  });

  test('the functions are the known ones; one that runs with its owner’s rights has a reason and a fixed path', async () => {
    const functions = await database.admin<
      { name: string; definer: boolean; settings: string[] | null; acl: string }[]
    >`select proname as name, prosecdef as definer, proconfig as settings, proacl::text as acl
      from pg_proc where pronamespace = 'public'::regnamespace order by 1`;
    expect(functions.map(({ name }) => name)).toEqual([...FUNCTIONS].sort());
    const definers = functions.filter(({ definer }) => definer);
    const known = [...Object.keys(DEFINERS), ...DEFINER_TRIGGERS].sort();
    expect(definers.map(({ name }) => name)).toEqual(known);
    for (const { name, settings, acl } of definers) {
      expect(settings).toContain('search_path=pg_catalog, pg_temp');
      const callers = ['postgres', ...(name in DEFINERS ? ['agos_app'] : [])];
      if (SYSTEM_DEFINERS.includes(name)) callers.push('agos_system');
      expect(acl).toBe(`{${callers.map((role) => `${role}=X/postgres`).join(',')}}`);
    }
  });
});

/** Runs SQL as the runtime role on behalf of a tenant's owner, who sees everything of that tenant. */
function as<T>(who: TestTenant | null, work: (sql: postgres.TransactionSql) => Promise<T>): Promise<T> {
  return app.begin(async (sql) => {
    if (who) {
      await sql`select set_config('agos.tenant_id', ${who.id}, true),
        set_config('agos.principal_id', ${who.keys.owner.id}, true), set_config('agos.sees_all', 'on', true)`;
    }
    return work(sql);
  }) as Promise<T>;
}

const tenantTables = Object.keys(RUNTIME_GRANTS).filter((table) => !GLOBAL_TABLES[table]);

describe.each(tenantTables)('%s', (table) => {
  const column = SELF_TABLES[table] ? 'id' : 'tenant_id';
  const count = (who: TestTenant | null) =>
    as(who, async (sql) => {
      const [row] =
        await sql`select count(*)::int as n from ${sql(table)} where ${sql(column)} = ${tenant.id}`;
      return row!.n as number;
    });

  // sabotage: migrations/0001_first_slice_tables.sql :: CREATE POLICY "members_tenant" ON "members" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) => CREATE POLICY "members_tenant" ON "members" AS PERMISSIVE FOR ALL TO "agos_app" USING (true)
  test("shows another tenant nothing of this one's, and nobody without a tenant", async () => {
    expect(await count(tenant), 'the table has rows, so the zeros mean something').toBeGreaterThan(0);
    expect(await count(stranger)).toBe(0);
    expect(await count(null)).toBe(0);
  });

  test.runIf(RUNTIME_GRANTS[table]?.includes('UPDATE'))('cannot be moved to another tenant', async () => {
    const move = as(tenant, (sql) => sql`update ${sql(table)} set ${sql(column)} = ${stranger.id}`);
    await expect(move).rejects.toThrow();
    const take = await as(
      stranger,
      (sql) =>
        sql`update ${sql(table)} set ${sql(column)} = ${sql(column)} where ${sql(column)} = ${tenant.id}`,
    );
    expect(take.count).toBe(0);
  });
});

// sabotage: migrations/0002_forced_security_and_grants.sql :: GRANT SELECT, INSERT ON audit_log TO agos_app; => GRANT SELECT, INSERT, UPDATE, DELETE ON audit_log TO agos_app;
test('what is written down cannot be changed: the audit log', async () => {
  await expect(as(tenant, (sql) => sql`update audit_log set action = 'x'`)).rejects.toThrow(
    /permission denied/,
  );
  await expect(as(tenant, (sql) => sql`delete from audit_log`)).rejects.toThrow(/permission denied/);
});

// sabotage: src/runtime/database/database.ts :: requireScope(scope); =>
test('without tenant or actor the first door does not open: tenant_context_missing, 0 rows', async () => {
  const open = (tenantId: unknown, id: unknown) =>
    database.db.withTenant(
      { tenant: tenantId, actor: { kind: 'key', id, seesAll: true } } as never,
      async () => 'in',
    );
  for (const [tenantId, id] of [
    [undefined, newId()],
    ['', newId()],
    [tenant.id, undefined],
    ["' or 1=1", newId()],
  ]) {
    await expect(open(tenantId, id)).rejects.toMatchObject({ code: 'tenant_context_missing' });
  }
  await expect(database.db.withTenant(undefined as never, async () => 'in')).rejects.toMatchObject({
    code: 'tenant_context_missing',
  });
});

// sabotage: src/runtime/database/database.ts :: set_config('agos.tenant_id', '${tenant}', true), => set_config('agos.tenant_id', '${tenant}', false),
test('a connection that goes back to the pool has forgotten its tenant', async () => {
  const scope = systemScope(tenant.id, tenant.keys.owner.id);
  const left = await database.db.withTenant(scope, async (tx) => {
    // What stays on the connection shows only once the transaction is over.
    await tx.execute('commit');
    return tx.execute(`select current_setting('agos.tenant_id', true) as tenant,
      current_setting('agos.principal_id', true) as principal, current_setting('agos.sees_all', true) as sees_all`);
  });
  expect(left.rows[0]).toEqual({ tenant: '', principal: '', sees_all: '' });
});

// sabotage: migrations/0007_no_grant_on_leads_for_the_second_door.sql :: REVOKE ALL ON leads FROM agos_system; => SELECT 1;
test('the second door reads the tables of its purposes and no other', async () => {
  for (const table of Object.keys(RUNTIME_GRANTS)) {
    const read = system`select 1 from ${system(table)} limit 1`;
    if (SYSTEM_TABLES.includes(table)) await expect(read, table).resolves.toHaveLength(1);
    else await expect(read, table).rejects.toThrow(/permission denied/);
  }
  const policies = await database.admin<{ table: string }[]>`select tablename as table from pg_policies
    where schemaname = 'public' and 'agos_system' = any (roles) order by 1`;
  expect(policies.map(({ table }) => table)).toEqual(SYSTEM_TABLES);
});

// sabotage: migrations/0002_forced_security_and_grants.sql :: GRANT SELECT ON tenants, members, api_keys, runs, leads, audits, lead_batches TO agos_system; => GRANT SELECT, UPDATE, DELETE ON tenants, members, api_keys, runs, leads, audits, lead_batches TO agos_system;
test('the second door only reads', async () => {
  for (const table of SYSTEM_TABLES) {
    await expect(system`delete from ${system(table)}`).rejects.toThrow(/permission denied/);
  }
  const write = database.db.withSystem('open_runs', async (tx) =>
    tx.execute('update runs set target = null'),
  );
  await expect(write).rejects.toThrow();
});
