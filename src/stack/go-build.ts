import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { definedIn, type Environment } from './cache.ts';
import { findOnPath } from './on-path.ts';
import { spawnOwned, tailOf } from './owned.ts';
import { type Progress, whileWorking } from './progress.ts';

const run = promisify(execFile);

/** Minutes on an idle machine with two cores; a busy one gets time. */
const TIME_LIMIT_MS = 60 * 60_000;
/** From here on Go fetches the newer toolchain that a module asks for. */
const OLDEST_GO_MINOR = 21;

/** A command of a module, with its version, which is pinned, and where its binary belongs. */
export type GoCommand = { module: string; target: string };

export type GoBuildOptions = {
  /** All of one module; they share a build. */
  commands: readonly [GoCommand, ...GoCommand[]];
  /** What the progress calls them. */
  name: string;
  environment: Environment;
  progress: Progress;
};

/** Builds commands with Go into one folder, whose lock the caller holds; returns why not, when it could not. */
export async function buildWithGo(options: GoBuildOptions): Promise<string | undefined> {
  const { commands, name, environment, progress } = options;
  const go = findGo(environment);
  if (!go) return 'no go on PATH';
  const tooOld = await reasonAgainst(go);
  if (tooOld) return tooOld;
  const parent = dirname(commands[0].target);
  await mkdir(parent, { recursive: true });
  await removeAbandonedBuilds(parent);
  const folder = join(parent, `build-${process.pid}`);
  await mkdir(folder);
  try {
    const text = `${name}: building it with Go, once, some minutes`;
    return await whileWorking(progress, text, () => build(go, folder, options));
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Go's command: on PATH, or where its own installer puts it. */
export function findGo(environment: Environment): string | undefined {
  return findOnPath('go', environment) ?? ['/usr/local/go/bin/go'].find((path) => existsSync(path));
}

async function reasonAgainst(go: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(go, ['version'], {
      timeout: 10_000,
      env: { ...process.env, GOTOOLCHAIN: 'local' },
    });
    const minor = Number(/go1\.(\d+)/.exec(stdout)?.[1]);
    return minor >= OLDEST_GO_MINOR ? undefined : `${go} is Go 1.${minor}, too old`;
  } catch {
    return `${go} does not run`;
  }
}

/** The caller holds the lock of this folder, so a build found here has lost its process; each takes 3 GB. */
async function removeAbandonedBuilds(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (name.startsWith('build-')) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function build(go: string, folder: string, options: GoBuildOptions): Promise<string | undefined> {
  const logFile = join(folder, 'build.log');
  const modules = options.commands.map(({ module }) => module);
  const child = spawnOwned(go, ['install', '-trimpath', '-ldflags', '-s -w', ...modules], {
    logFile,
    cwd: folder,
    env: buildEnvironment(options.environment, folder),
    // Compilers go on writing when only their parent ends.
    stopSignal: 'SIGKILL',
  });
  const outcome = await Promise.race([child.exited, sleep(TIME_LIMIT_MS, 'time limit', { ref: false })]);
  await child.stop();
  if (outcome !== 'exit code 0') return `${outcome}, ${tailOf(logFile, 2).replaceAll('\n', ' ')}`;
  for (const { module, target } of options.commands) {
    await rename(join(folder, 'bin', binaryOf(module)), target);
  }
  return undefined;
}

/** Go names a binary after the last folder of its command. */
const binaryOf = (module: string): string => basename(module.replace(/@.*$/, ''));

/** Folders of its own, deleted afterwards; `modcacherw` because Go otherwise makes them read-only. */
function buildEnvironment(environment: Environment, folder: string): Record<string, string> {
  return {
    ...definedIn(environment),
    HOME: environment.HOME ?? folder,
    GOPATH: join(folder, 'path'),
    GOMODCACHE: join(folder, 'path', 'pkg', 'mod'),
    GOCACHE: join(folder, 'cache'),
    GOBIN: join(folder, 'bin'),
    GOTMPDIR: folder,
    GOFLAGS: '-modcacherw',
    GOTOOLCHAIN: 'auto',
    GOWORK: 'off',
    GO111MODULE: 'on',
    CGO_ENABLED: '0',
  };
}
