import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { buildWithGo, type GoBuildOptions } from '../../src/stack/go-build.ts';
import { waitForLock } from '../../src/stack/lock.ts';

/** Sees to it that binaries lie at their targets, all in one folder; builds them with Go, once, where they do not. */
export async function provideGoCommands(options: GoBuildOptions): Promise<'cache' | 'go install'> {
  const { commands, name, progress } = options;
  const areThere = (): boolean => commands.every(({ target }) => existsSync(target));
  if (areThere()) return 'cache';
  const folder = dirname(commands[0].target);
  await mkdir(folder, { recursive: true });
  const lock = await waitForLock(folder, (holder) =>
    progress.working(`${name}: ${holder} is building it, waiting`),
  );
  try {
    if (areThere()) return 'cache';
    const failure = await buildWithGo(options);
    if (failure) throw new Error(`The tests need the ${name} on PATH, or Go to build it (${failure}).`);
    return 'go install';
  } finally {
    await lock.release();
  }
}
