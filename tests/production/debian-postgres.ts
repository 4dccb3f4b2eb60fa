import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { OsUser } from '../../src/stack/unprivileged.ts';

const run = promisify(execFile);

/** Server and its tools of one version, as the image has them; the one that npm brings has no `pg_basebackup`. */
export function findPostgresTools(): string {
  const found = globSync('/usr/lib/postgresql/*/bin/pg_basebackup').map(dirname).sort().at(-1);
  if (!found || !existsSync(join(found, 'initdb'))) {
    throw new Error('A PostgreSQL with its tools is missing: apt-get install postgresql');
  }
  return found;
}

/** Makes the data folder as the image's start script does; leaves one that is there alone. */
export async function ensureCluster(
  binDir: string,
  folder: string,
  password: string,
  user?: OsUser,
): Promise<void> {
  if (existsSync(join(folder, 'PG_VERSION'))) return;
  await makeDataFolder(folder, user);
  const passwordFile = `${folder}.password`;
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  const options = [
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
  ];
  await run(join(binDir, 'initdb'), [`--pgdata=${folder}`, '--locale=C.UTF-8', ...options], {
    cwd: '/',
    ...user,
  });
  await rm(passwordFile);
}

/** An empty folder that only the server's user may enter. */
export async function makeDataFolder(folder: string, user?: OsUser): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  if (user) await chown(folder, user.uid, user.gid);
}
