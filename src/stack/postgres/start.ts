import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userCacheDir } from '../cache.ts';
import { endLeftover, isProcessOn } from '../leftover.ts';
import { takeLock } from '../lock.ts';
import { type OwnedProcess, spawnOwned, tailOf } from '../owned.ts';
import { freePort } from '../ports.ts';
import { elapsed, type Progress, silentProgress } from '../progress.ts';
import { databaseUser, makeReachableFolder, type OsUser } from '../unprivileged.ts';
import { type PostgresBinaries, provideBinaries } from './binaries.ts';
import { prepareCluster } from './cluster.ts';
import { openRecord, saveRecord } from './home.ts';
import { createRoles } from './roles.ts';

export type StartPostgresOptions = {
  dataDir: string;
  port?: number;
  progress?: Progress;
  /** False only for test databases that are thrown away: no fsync. */
  durable?: boolean;
};

export type RunningPostgres = {
  adminUrl: string;
  url: string;
  systemUrl: string;
  version: string;
  /** Where the cluster and its log live. */
  home: string;
  pid: number;
  exited: Promise<string>;
  stop(): Promise<void>;
};

type Server = { process: OwnedProcess; port: number };
type Launch = { binaries: PostgresBinaries; cluster: string; user: OsUser | undefined; durable: boolean };

const READY_TIMEOUT_MS = 60_000;

/** Starts the PostgreSQL that comes with npm on a data folder, with both roles made, and ends it with us. */
export async function startPostgres(options: StartPostgresOptions): Promise<RunningPostgres> {
  const { dataDir, progress = silentProgress, durable = true } = options;
  const startedAt = Date.now();
  const user = await databaseUser();
  const record = await openRecord(dataDir, user);
  const lock = await takeLock(join(record.data_dir, 'postgres'));
  try {
    const binaries = await provideBinaries(await makeReachableFolder(user, userCacheDir(process.env)));
    const request = { binaries, home: record.home, user, adminPassword: record.admin_password, durable };
    const cluster = await prepareCluster(request);
    const preferred = options.port ?? record.port ?? undefined;
    const server = await launch({ binaries, cluster, user, durable }, preferred);
    if (record.port !== server.port) await saveRecord({ ...record, port: server.port });
    const adminUrl = `postgres://postgres:${record.admin_password}@127.0.0.1:${server.port}/postgres`;
    const roles = await createRoles(adminUrl, {
      runtimePassword: record.runtime_password,
      systemPassword: record.system_password,
    });
    const { pid, exited } = server.process;
    progress.line(`PostgreSQL ${binaries.version} (embedded) ready in ${elapsed(startedAt)}`);
    const stop = async (): Promise<void> => {
      await server.process.stop();
      await lock.release();
    };
    return { adminUrl, ...roles, version: binaries.version, home: record.home, pid, exited, stop };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function launch(plan: Launch, preferredPort: number | undefined): Promise<Server> {
  await clearStalePidFile(plan.cluster);
  const logFile = join(dirname(plan.cluster), 'postgres.log');
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? preferredPort : undefined);
    const process = spawnOwned(join(plan.binaries.binDir, 'postgres'), serverArguments(plan, port), {
      logFile,
      env: { LC_ALL: 'C' },
      user: plan.user,
      deathSignal: 'INT', // a fast shutdown: the next start needs no recovery
      stopSignal: 'SIGINT',
    });
    const failure = await untilReady(process, plan.cluster);
    if (failure === undefined) return { process, port };
    await process.stop();
    const reason = tailOf(logFile);
    const portWasTaken = /could not bind|Address already in use/.test(reason);
    if (!portWasTaken || attempt === 3) {
      throw new Error(`PostgreSQL did not start (${failure}); the end of ${logFile} says:\n${reason}`);
    }
  }
}

function serverArguments({ cluster, durable }: Launch, port: number): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  return ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])];
}

/** PostgreSQL writes its state into the eighth line of its own lock file. */
async function untilReady(process: OwnedProcess, cluster: string): Promise<string | undefined> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (process.hasExited()) return await process.exited;
    const lines = (await readPidFile(cluster)).split('\n');
    if (Number(lines[0]) === process.pid && lines[7]?.trim() === 'ready') return undefined;
    await sleep(20);
  }
  return `not ready after ${READY_TIMEOUT_MS / 1000} s`;
}

/** After a crash the pid in the file may belong to anyone, and PostgreSQL would then refuse to start. */
async function clearStalePidFile(cluster: string): Promise<void> {
  const pid = Number.parseInt(await readPidFile(cluster), 10);
  if (!Number.isInteger(pid)) return;
  await endLeftover(pid, cluster, 'SIGINT');
  if (!isProcessOn(pid, cluster)) await rm(join(cluster, 'postmaster.pid'), { force: true });
}

async function readPidFile(cluster: string): Promise<string> {
  return await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
}
