import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openToAll } from '../../src/stack/unprivileged.ts';
import { ROOT } from './compose-file.ts';

const run = promisify(execFile);

export type Image = { folder: string; user: { uid: number; gid: number } };

/** Does what the Dockerfile does, in a folder: the same copies, the same commands, and nothing else beside it. */
export async function buildImage(folder: string, cacheDir: string): Promise<Image> {
  const stages = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .replaceAll('\\\n', '')
    .split(/^FROM /m)
    .slice(1);
  const [build = '', dependencies = '', final = ''] = stages;
  await run('sh', ['-c', lastRun(build)], { cwd: ROOT });
  const modules = await installOnce(lastRun(dependencies), cacheDir);
  await mkdir(join(folder, 'bin'), { recursive: true });
  for (const [, source = ''] of final.matchAll(/^COPY (?!--from)(\S+) \S+$/gm)) {
    await cp(join(ROOT, source), join(folder, source), {
      recursive: true,
      filter: (path) => !isIgnored(path),
    });
  }
  await cp(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  await symlink(modules, join(folder, 'node_modules'));
  await copyFile(process.execPath, join(folder, 'bin/node'));
  await openToAll(folder);
  const [, uid, gid] = /^USER (\d+):(\d+)$/m.exec(final) ?? [];
  return { folder, user: { uid: Number(uid), gid: Number(gid) } };
}

const lastRun = (stage: string): string => [...stage.matchAll(/^RUN (.+)$/gm)].at(-1)?.[1] ?? 'exit 1';

/** As .dockerignore has it. */
const isIgnored = (path: string): boolean => /\.test\.ts$|\/histories$|\/examples\/sites$/.test(path);

/** The image's packages, kept as long as lockfile and command are the same. */
async function installOnce(command: string, cacheDir: string): Promise<string> {
  const lockfile = readFileSync(join(ROOT, 'package-lock.json'));
  const hash = createHash('sha256').update(lockfile).update(command).digest('hex').slice(0, 12);
  const kept = join(cacheDir, `image-packages-${hash}`);
  if (existsSync(kept)) return join(kept, 'node_modules');
  const half = `${kept}.${process.pid}`;
  await mkdir(half, { recursive: true });
  for (const name of ['package.json', 'package-lock.json'])
    await copyFile(join(ROOT, name), join(half, name));
  await run('sh', ['-c', command], { cwd: half, maxBuffer: 64 * 1024 * 1024 });
  await openToAll(half);
  await rename(half, kept);
  await rm(half, { recursive: true, force: true });
  return join(kept, 'node_modules');
}
