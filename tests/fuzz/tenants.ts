import type postgres from 'postgres';
import type { TestDatabase } from '../support/database.ts';
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
} from '../support/rows.ts';
import { createTenant, giveVolume, type TestTenant } from '../support/tenant.ts';

const ROWS = 5;

/** Table, and the column that says whose a row is. */
export type TenantTable = { table: string; column: string };

/** A tenant with rows behind every kind of id, each with a text that stands nowhere else. */
export async function createFuzzTenant(database: TestDatabase, marker: string): Promise<TestTenant> {
  const tenant = await createTenant(database, `Agency ${marker}`);
  await giveVolume(database, tenant.id);
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const { admin } = database;
  for (let index = 0; index < ROWS; index += 1) {
    const leadId = await insertLead(database, owner, { company_name: `Bakery ${marker} ${index}` });
    await admin`insert into contacts ${admin({
      tenant_id: tenant.id,
      id: crypto.randomUUID(),
      lead_id: leadId,
      name: `Ada ${marker}`,
      created_by: owner.createdBy,
    })}`;
    await insertAudit(database, owner, { leadId });
    await insertAgentRun(database, owner, { lead_id: leadId });
    await insertRun(database, owner, { leadId });
    await insertAsset(database, owner, { leadId });
    await insertBatch(database, owner);
    await insertKillSwitch(database, owner, { over: true });
    const endpoint = await insertWebhookEndpoint(database, owner, `https://hooks.example/${marker}`);
    await insertWebhookDelivery(database, owner, endpoint);
    await insertAlert(database, owner, { summary: `An alert of ${marker}.` });
    await insertSsoConnection(database, owner);
  }
  return tenant;
}

/** Every table that holds tenants' rows. */
export async function tenantTables(admin: postgres.Sql): Promise<TenantTable[]> {
  const found = await admin<{ table: string }[]>`select table_name as table from information_schema.columns
    where table_schema = 'public' and column_name = 'tenant_id' order by 1`;
  return [{ table: 'tenants', column: 'id' }, ...found.map(({ table }) => ({ table, column: 'tenant_id' }))];
}

/** One digest for each table's rows of a tenant: equal digests are equal rows. */
export async function digestOf(admin: postgres.Sql, tenant: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const { table, column } of await tenantTables(admin)) {
    const [row] = await admin<{ digest: string; rows: number }[]>`
      select coalesce(md5(string_agg(t::text, chr(10) order by t::text)), '') as digest, count(*)::int as rows
      from ${admin(table)} t where ${admin(column)} = ${tenant}`;
    digests[table] = `${row!.rows} rows, ${row!.digest}`;
  }
  return digests;
}

/** The ids of a tenant's rows, by table. */
export async function idsOf(admin: postgres.Sql, tenant: string): Promise<Record<string, string[]>> {
  const ids: Record<string, string[]> = {};
  const withId = await admin<{ table: string }[]>`select table_name as table from information_schema.columns
    where table_schema = 'public' and column_name = 'id' and data_type = 'uuid'`;
  const known = new Set(withId.map(({ table }) => table));
  for (const { table, column } of await tenantTables(admin)) {
    if (!known.has(table)) continue;
    const rows = await admin<
      { id: string }[]
    >`select id from ${admin(table)} where ${admin(column)} = ${tenant}`;
    ids[table] = rows.map(({ id }) => id);
  }
  return ids;
}
