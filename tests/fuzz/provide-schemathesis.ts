import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Environment, userCacheDir } from '../../src/stack/cache.ts';
import { type Progress, whileWorking } from '../../src/stack/progress.ts';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** The fuzzer's program, in a virtual environment of its own in the cache: these versions, with these hashes. */
export async function provideSchemathesis(environment: Environment, progress: Progress): Promise<string> {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const parent = join(userCacheDir(environment), 'schemathesis');
  const folder = join(parent, version);
  const program = join(folder, 'bin', 'st');
  const done = join(folder, 'installed');
  if (existsSync(done)) return program;
  await requirePython();
  await mkdir(parent, { recursive: true });
  // Programs in it name the folder, so it is made where it stays, and marked once it is whole.
  await rm(folder, { recursive: true, force: true });
  await whileWorking(progress, 'fuzzer: installing schemathesis with pip', async () => {
    await run('python3', ['-m', 'venv', folder]).catch((error: Error) => {
      throw new Error(
        `python3 cannot make a virtual environment (on Debian: apt-get install python3-venv): ${error.message}`,
      );
    });
    const install = [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '--only-binary',
      ':all:',
    ];
    await run(join(folder, 'bin', 'pip'), [...install, '--requirement', REQUIREMENTS]);
    await mkdir(`${done}.new`, { recursive: true });
    await rename(`${done}.new`, done);
  });
  return program;
}

async function requirePython(): Promise<void> {
  const check = 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else 1)';
  try {
    await run('python3', ['-c', check]);
  } catch {
    throw new Error(
      'The fuzzer needs Python 3.11 or newer as `python3` (on Debian 12: apt-get install python3 python3-venv).',
    );
  }
}
