import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { type DatabaseOptions, openDatabase } from '../../../src/runtime/database/database.ts';
import { migrateDatabase } from '../../../src/runtime/database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../../../src/stack/postgres/start.ts';
import type { TestDatabase } from '../../support/database.ts';
import { descendantsOf, isAlive, killIfThere } from './processes.ts';

/** A PostgreSQL of a test's own that writes to disk as in production, so that it can be hurt. */
export type DatabaseServer = TestDatabase & {
  /** `pg_ctl stop -m immediate`: no checkpoint, open connections are dropped. */
  stopAtOnce(): Promise<void>;
  /** SIGKILL of the server and everything below it, as when the machine loses power. */
  kill(): Promise<void>;
  startAgain(): Promise<void>;
  /** What the server writes: its errors, and statements where it is told to. */
  logFile: string;
  /** Changes a setting of the whole server, for new and open sessions. */
  set(name: string, value: string): Promise<void>;
};

/** Starts and migrates it; `options` are those of the pool under test. Takes this port if it is free. */
export async function startDatabaseServer(
  options: Partial<DatabaseOptions> = {},
  wantedPort?: number,
): Promise<DatabaseServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'agos-fault-db-'));
  let server: RunningPostgres = await startPostgres({
    dataDir,
    durable: true,
    ...(wantedPort && { port: wantedPort }),
  });
  const { adminUrl, url, systemUrl, home } = server;
  const port = Number(new URL(url).port);
  await migrateDatabase({ adminUrl });
  const db = openDatabase({ url, systemUrl, ...options });
  const admin = postgres(adminUrl, { max: 2, onnotice: () => {} });
  return {
    db,
    admin,
    info: { adminUrl, url, systemUrl },
    logFile: join(home, 'postgres.log'),
    set: async (name, value) => {
      await admin.unsafe(`alter system set ${name} = ${value}`);
      await admin`select pg_reload_conf()`;
    },
    stopAtOnce: async () => {
      process.kill(server.pid, 'SIGQUIT');
      await server.exited;
      await server.stop();
    },
    kill: async () => {
      const doomed = [server.pid, ...descendantsOf(server.pid).map(({ pid }) => pid)];
      for (const pid of doomed) killIfThere(pid);
      await server.exited;
      while (doomed.some(isAlive)) await sleep(10);
      await server.stop();
    },
    startAgain: async () => {
      server = await startPostgres({ dataDir, port, durable: true });
      if (server.url !== url) throw new Error('the server came back at another address');
    },
    close: async () => {
      await db.close();
      await admin.end({ timeout: 5 });
      await server.stop();
      await rm(home, { recursive: true, force: true });
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
