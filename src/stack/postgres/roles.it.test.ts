import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrateAll } from '../../cli/migrate-all.ts';
import { silentProgress } from '../progress.ts';
import { createTestDatabase, startTestDatabase, type TestDatabaseInfo } from '../testing.ts';
import { examinePostgres } from './examine.ts';
import { createRoles, RolesNotPermittedError } from './roles.ts';

// A server of its own: roles belong to the whole server, and other suites connect as them.
let server: { info: TestDatabaseInfo; stop(): Promise<void> };
let admin: postgres.Sql;

beforeAll(async () => {
  server = await startTestDatabase();
  admin = postgres(server.info.adminUrl, { max: 1, onnotice: () => undefined });
});

afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

const passwords = { runtimePassword: `it's "1" \\ ?&/`, systemPassword: 'two' };

async function canConnect(url: string): Promise<string> {
  const sql = postgres(url, { max: 1 });
  try {
    const [row] = await sql<{ name: string }[]>`select current_user::text as name`;
    return row!.name;
  } finally {
    await sql.end();
  }
}

function as(role: string): string {
  return Object.assign(new URL(server.info.adminUrl), { username: role, password: 'secret' }).href;
}

test('the roles can be made again with other passwords, whatever characters these have', async () => {
  await createRoles(server.info.adminUrl, { runtimePassword: 'one', systemPassword: 'one' });
  const { url, systemUrl } = await createRoles(server.info.adminUrl, passwords);
  expect(await canConnect(url)).toBe('agos_app');
  expect(await canConnect(systemUrl)).toBe('agos_system');
});

test('several migrations at once do not disturb each other', async () => {
  await Promise.all(Array.from({ length: 5 }, () => createRoles(server.info.adminUrl, passwords)));
});

test('a role that could pass row-level security loses that right', async () => {
  await admin`alter role agos_app bypassrls`;
  await admin`alter role agos_system superuser`;
  const seen = await examinePostgres(await createRoles(server.info.adminUrl, passwords));
  expect(seen.notes).toEqual([]);
});

test('doctor sees a runtime role that row-level security does not bind', async () => {
  const urls = await createRoles(server.info.adminUrl, passwords);
  await admin`alter role agos_app bypassrls`;
  expect((await examinePostgres(urls)).notes).toEqual([
    expect.stringMatching(/^DATABASE_URL connects as a role/),
  ]);
  await admin`alter role agos_app nobypassrls`;
});

test('an admin who may not create roles gets the SQL to hand on', async () => {
  await admin`drop role agos_app`;
  await admin`create role plain login password 'secret'`;
  const failure = await createRoles(as('plain'), passwords).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(failure).toBeInstanceOf(RolesNotPermittedError);
  expect((failure as RolesNotPermittedError).sql).toMatch(
    /^CREATE ROLE agos_app LOGIN NOSUPERUSER NOBYPASSRLS/,
  );
  expect(failure?.message).not.toContain(passwords.runtimePassword);
});

test('an owner who may not create roles migrates once an administrator has run the SQL that it printed', async () => {
  await admin`drop role if exists agos_app, agos_system`;
  await admin`create role owner_only login nocreaterole password 'secret'`;
  const own = await createTestDatabase(server.info);
  await admin.unsafe(`alter database ${own.name} owner to owner_only`);
  const adminUrl = Object.assign(new URL(as('owner_only')), { pathname: `/${own.name}` }).href;
  const printed = async (): Promise<string> => {
    const failure: unknown = await createRoles(adminUrl, passwords).catch((error: unknown) => error);
    if (!(failure instanceof RolesNotPermittedError)) throw failure;
    return failure.sql;
  };
  const withPassword = (sql: string, role: string, password: string): string =>
    sql.replace(`<a password for ${role}>`, password.replaceAll("'", "''"));

  const sql = withPassword(await printed(), 'agos_app', 'not the one of DATABASE_URL');
  await admin.unsafe(withPassword(sql, 'agos_system', passwords.systemPassword));
  const second = await printed();
  expect(second).toBe("ALTER ROLE agos_app LOGIN PASSWORD '<a password for agos_app>';");
  await admin.unsafe(withPassword(second, 'agos_app', passwords.runtimePassword));

  const { url, systemUrl } = await createRoles(adminUrl, passwords);
  await migrateAll({ environment: { DATABASE_ADMIN_URL: adminUrl }, progress: silentProgress });
  expect(await canConnect(url)).toBe('agos_app');
  expect(await canConnect(systemUrl)).toBe('agos_system');
  await own.drop();
});

test('an admin who is no superuser may make the roles, and set their passwords again', async () => {
  await admin`drop role if exists agos_app`;
  await admin`drop role agos_system`;
  await admin`create role managed login createrole password 'secret'`;
  await createRoles(as('managed'), passwords);
  const { url } = await createRoles(as('managed'), passwords);
  expect(await canConnect(url)).toBe('agos_app');
});
