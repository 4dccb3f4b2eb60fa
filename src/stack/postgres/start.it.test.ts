import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { LockHeldError } from '../lock.ts';
import { canReadCheckout, holdInChild, isAlive, stackModule } from '../testing-children.ts';
import { isRoot } from '../unprivileged.ts';
import { provideBinaries } from './binaries.ts';
import { type RunningPostgres, startPostgres } from './start.ts';

// Each test starts servers, some several: a busy machine needs longer than one query does.
vi.setConfig({ testTimeout: 90_000 });

let dataDir: string;
const running: RunningPostgres[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'agos-pg-'));
});

afterEach(async () => {
  // Several starts of one test share a home: it goes only once the last of them has ended.
  const started = running.splice(0);
  for (const server of started) await server.stop();
  for (const { home } of started) await rm(home, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

async function start(durable = false): Promise<RunningPostgres> {
  const server = await startPostgres({ dataDir, durable });
  running.push(server);
  return server;
}

async function query<T extends object>(url: string, text: string): Promise<T[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return (await sql.unsafe(text)) as unknown as T[];
  } finally {
    await sql.end();
  }
}

describe('a database of our own', () => {
  test('keeps its data, port and passwords over a restart, which takes less than four seconds', async () => {
    const first = await start(true);
    await query(first.adminUrl, 'create table kept (n int); insert into kept values (7)');
    await first.stop();

    const startedAt = Date.now();
    const second = await start(true);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    expect(second.url).toBe(first.url);
    expect(await query(second.adminUrl, 'select n from kept')).toEqual([{ n: 7 }]);
    expect(await query(second.adminUrl, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  test('gives out two roles that row-level security binds and that own nothing', async () => {
    const { url, systemUrl } = await start();
    for (const [role, roleUrl] of [
      ['agos_app', url],
      ['agos_system', systemUrl],
    ] as const) {
      const rows = await query(
        roleUrl,
        `select current_user::text as name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
           (select count(*)::int from pg_class where relowner = r.oid) as owned
         from pg_roles r where rolname = current_user`,
      );
      const none = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false };
      expect(rows).toEqual([{ name: role, ...none, owned: 0 }]);
    }
  });

  test('listens on loopback only, without a socket file, and asks everybody for a password', async () => {
    const { adminUrl } = await start();
    const settings = await query<{ name: string; setting: string }>(
      adminUrl,
      "select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories')",
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
    });
    const withoutPassword = new URL(adminUrl);
    withoutPassword.password = 'wrong';
    await expect(query(withoutPassword.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600);
  });

  test('refuses a second start on the same folder while the first one runs', async () => {
    await start();
    await expect(startPostgres({ dataDir })).rejects.toThrow(LockHeldError);
  });

  test('runs beside another one', async () => {
    const first = await start();
    const otherDir = await mkdtemp(join(tmpdir(), 'agos-pg-'));
    const second = await startPostgres({ dataDir: otherDir, durable: false });
    running.push(second);
    await rm(otherDir, { recursive: true });
    expect(second.url).not.toBe(first.url);
  });
});

describe('a stale folder', () => {
  test('an initdb that was killed half-way is begun again', async () => {
    const { home, stop } = await start();
    await stop();
    await rename(join(home, 'cluster'), join(home, 'cluster.new'));
    await rm(join(home, 'cluster.new', 'PG_VERSION'));
    const again = await start();
    expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('a lock file whose process id belongs to somebody else by now does not stop the start', async () => {
    const { home, stop } = await start();
    await stop();
    await writeFile(join(home, 'cluster', 'postmaster.pid'), `${process.pid}\n${join(home, 'cluster')}\n`);
    const again = await start();
    expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('data of another major version is left alone, with a sentence', async () => {
    const { home, stop } = await start();
    await stop();
    await writeFile(join(home, 'cluster', 'PG_VERSION'), '15\n');
    await expect(startPostgres({ dataDir })).rejects.toThrow(/made by PostgreSQL 15 .* brings 18/);
  });
});

const startInChild = (folder: string): string => `
  import { startPostgres } from ${stackModule('./postgres/start.ts')};
  const server = await startPostgres({ dataDir: ${JSON.stringify(folder)} });
  console.log(JSON.stringify({ pid: server.pid, home: server.home, url: server.url }));`;

describe('the process that started it', () => {
  test('takes the server with it when it is killed, and the next start works', async () => {
    const holder = await holdInChild(startInChild(dataDir));
    await holder.kill('SIGKILL');
    await expect.poll(() => isAlive(Number(holder.report.pid)), { timeout: 10_000 }).toBe(false);
    const again = await start();
    expect(again.home).toBe(holder.report.home);
    expect(await query(again.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('may be root with data under a folder that only root can enter', async (context) => {
    if (!isRoot()) context.skip('needs root');
    const closed = join(dataDir, 'closed');
    await mkdir(closed, { mode: 0o700 });
    dataDir = join(closed, 'data');
    const { adminUrl, home } = await start();
    expect(home.startsWith('/var/lib/agos/')).toBe(true);
    expect(existsSync(join(dataDir, 'postgres.json'))).toBe(true);
    expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    dataDir = join(closed, '..');
  });

  test('may be root with a umask that closes new files to everybody else', async (context) => {
    if (!isRoot()) context.skip('needs root');
    const umask = process.umask(0o077);
    context.onTestFinished(() => void process.umask(umask));
    const { binDir } = await provideBinaries(join(dataDir, 'binaries'));
    expect((await stat(join(binDir, 'postgres'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(binDir, '..', 'share'))).mode & 0o777).toBe(0o755);
    const { adminUrl } = await start();
    expect(await query(adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('may be an ordinary user, whose data stays in the folder given', async (context) => {
    const nobody = { uid: 65_534, gid: 65_534 };
    if (!isRoot()) context.skip('we are an ordinary user: the tests above show it');
    if (!canReadCheckout(nobody)) context.skip('an ordinary user cannot read this checkout');
    const theirs = join(dataDir, 'theirs');
    await mkdir(theirs);
    await chmod(dataDir, 0o755);
    await chown(theirs, nobody.uid, nobody.gid);
    const env = { HOME: theirs, XDG_CACHE_HOME: join(theirs, 'cache') };
    const holder = await holdInChild(startInChild(join(theirs, 'data')), { user: nobody, env });
    try {
      expect(holder.report.home).toBe(join(theirs, 'data', 'postgres'));
      expect(await query(String(holder.report.url), 'select 1 as one')).toEqual([{ one: 1 }]);
    } finally {
      await holder.kill('SIGKILL');
    }
    await expect.poll(() => isAlive(Number(holder.report.pid)), { timeout: 10_000 }).toBe(false);
  });
});
