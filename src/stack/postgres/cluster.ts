import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OsUser } from '../unprivileged.ts';
import type { PostgresBinaries } from './binaries.ts';

const run = promisify(execFile);

type Owner = OsUser | undefined;

export type ClusterRequest = {
  binaries: PostgresBinaries;
  home: string;
  user: Owner;
  adminPassword: string;
  /** False only for test databases that are thrown away. */
  durable: boolean;
};

/** The cluster's folder, made by initdb when it is missing; refuses one made by another major version. */
export async function prepareCluster(request: ClusterRequest): Promise<string> {
  const { home, user, binaries } = request;
  const cluster = join(home, 'cluster');
  // As root the folder stays ours and the server owns only what is in it: it cannot redirect what we write there.
  await mkdir(home, { recursive: true });
  await chmod(home, user ? 0o711 : 0o700);
  if (existsSync(cluster)) {
    await refuseOtherMajor(cluster, binaries);
    return cluster;
  }
  const half = join(home, 'cluster.new');
  await rm(half, { recursive: true, force: true }); // an initdb that was killed
  await mkdir(half, { mode: 0o700 });
  await giveTo(user, half);
  await initialise(request, half);
  await rename(half, cluster);
  return cluster;
}

async function refuseOtherMajor(cluster: string, binaries: PostgresBinaries): Promise<void> {
  const found = await readFile(join(cluster, 'PG_VERSION'), 'utf8').catch(() => 'unknown');
  if (found.trim() === String(binaries.major)) return;
  throw new Error(
    `The database in ${cluster} was made by PostgreSQL ${found.trim()} and this AgOS brings ${binaries.version}: ` +
      'move that folder away to begin with an empty database, or bring its data over with pg_upgrade.',
  );
}

async function initialise(request: ClusterRequest, folder: string): Promise<void> {
  const { binaries, home, user } = request;
  const passwordFile = join(home, 'password');
  await writeFile(passwordFile, `${request.adminPassword}\n`, { mode: 0o600 });
  await giveTo(user, passwordFile);
  const options = [
    `--pgdata=${folder}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(request.durable ? [] : ['--no-sync']),
  ];
  try {
    await run(join(binaries.binDir, 'initdb'), options, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      ...(user && { uid: user.uid, gid: user.gid }),
    });
  } catch (error) {
    const detail = (error as { stderr?: string }).stderr?.trim() || String(error);
    throw new Error(`PostgreSQL could not make its data folder ${folder}: ${detail}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function giveTo(user: Owner, path: string): Promise<void> {
  if (user) await chown(path, user.uid, user.gid);
}
