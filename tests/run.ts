import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgress, elapsed } from '../src/stack/progress.ts';
import { provideParts } from './support/provide.ts';

/** `npm test`: provides what the machine lacks, then runs every check; the closing line counts the tests. */
const progress = createProgress();
const root = join(import.meta.dirname, '..');
const startedMs = Date.now();

const environment = await provideParts(process.env, progress);
const failed: string[] = [];
for (const [name, command] of [
  ['format and lint', ['biome', 'ci', '.']],
  ['types', ['tsc']],
  ['boundaries', ['npm', 'run', '--silent', 'boundaries']],
] as const) {
  const code = await run(command, environment);
  progress.line(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`);
  if (code !== 0) failed.push(name);
}
const counted = await runTests(environment);
progress.line(`everything took ${elapsed(startedMs)}`);
if (failed.length > 0) progress.line(`failed besides tests: ${failed.join(', ')}`);
process.stdout.write(`${counted.passed} passed, ${counted.failed + failed.length} failed\n`);
process.exitCode = counted.failed + failed.length === 0 && counted.passed > 0 ? 0 : 1;

async function runTests(env: NodeJS.ProcessEnv): Promise<{ passed: number; failed: number }> {
  const report = join(tmpdir(), `agos-tests-${process.pid}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run(['vitest', 'run', ...reporters, ...process.argv.slice(2)], env);
  try {
    const { numPassedTests, numFailedTests, success } = JSON.parse(readFileSync(report, 'utf8'));
    // A suite that cannot even start has no failed test, yet the run has failed.
    return {
      passed: numPassedTests,
      failed: success && code === 0 ? numFailedTests : Math.max(1, numFailedTests),
    };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(report, { force: true });
  }
}

function run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file!, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
