import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../tests/support/database.ts';
import { createTestDatabase as createEmptyDatabase } from '../../stack/testing.ts';
import { newId } from '../ids.ts';
import { isMigrated, migrateDatabase } from './migrate.ts';

const OWNER = `owner_${randomBytes(4).toString('hex')}`;

let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
let admin: postgres.Sql;
let ownerUrl: string;
beforeAll(async () => {
  const { server } = inject('testDatabase');
  database = await createEmptyDatabase(server);
  admin = postgres(database.info.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create role ${OWNER} login nosuperuser password 'secret'`);
  ownerUrl = Object.assign(new URL(database.info.adminUrl), { username: OWNER, password: 'secret' }).href;
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});

test('a role that may not create the extension is told what an administrator has to run', async () => {
  await expect(migrateDatabase({ adminUrl: ownerUrl })).rejects.toThrow(/\nCREATE EXTENSION pg_trgm;$/);
});

// sabotage: migrations/0008_search_in_leads.sql :: CREATE POLICY leads_owner_search ON leads FOR SELECT TO CURRENT_USER USING (true); => SELECT 1;
test('an owner that is no superuser migrates with the extension in any schema, and search finds', async () => {
  await admin`create extension pg_trgm`;
  await admin.unsafe(`alter database ${database.name} owner to ${OWNER}`);
  await migrateDatabase({ adminUrl: ownerUrl });
  const [tenant, id] = [newId(), newId()];
  await admin`insert into tenants (id, name) values (${tenant}, 'Test')`;
  await admin`insert into leads (tenant_id, id, url, domain, source, created_by)
    values (${tenant}, ${id}, 'https://found.example/', 'found.example', 'api', ${newId()})`;
  const runtime = postgres(database.info.url, { max: 1, onnotice: () => {} });
  const found = await runtime.begin(async (sql) => {
    await sql`select set_config('agos.tenant_id', ${tenant}, true), set_config('agos.sees_all', 'on', true)`;
    return sql`select agos_search_leads('found') as id`;
  });
  expect([...found]).toEqual([{ id }]);
  await runtime.end();
});

test('the runtime role can tell a migrated database from one that lacks the newest migration', async () => {
  const { admin, info, close } = await createTestDatabase();
  onTestFinished(close);
  expect(await isMigrated(info)).toBe(true);
  await admin`delete from drizzle.__drizzle_migrations
    where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`;
  expect(await isMigrated(info)).toBe(false);
});

test('a database where nothing was ever migrated, or where the role may not look, counts as not migrated', async () => {
  const empty = await createEmptyDatabase(inject('testDatabase').server);
  onTestFinished(empty.drop);
  expect(await isMigrated(empty.info)).toBe(false);
  const { admin, info, close } = await createTestDatabase();
  onTestFinished(close);
  await admin`revoke usage on schema drizzle from agos_app`;
  expect(await isMigrated(info)).toBe(false);
});
