import { spawn } from 'node:child_process';
import { join } from 'node:path';
import Table from 'cli-table3';
import { collectSabotages, type Sabotage } from './collect.ts';
import { makeScratch, type Scratch } from './scratch.ts';

/**
 * `npm run test:sabotage [-- part of a path]`: breaks each line that a test names, in a copy of the tree,
 * and fails when a test stays green over it.
 */
type Verdict = {
  sabotage: Sabotage;
  result: 'red' | 'STAYS GREEN' | 'NOT DONE';
  why: string;
  seconds: number;
};

const RUN_LIMIT_MS = 240_000;
const root = join(import.meta.dirname, '../..');
const wanted = process.argv.slice(2);
const all = (await collectSabotages(root)).filter(
  ({ testFile, target }) =>
    wanted.length === 0 || wanted.some((part) => testFile.includes(part) || target.includes(part)),
);
const scratch = makeScratch(root);
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

try {
  const verdicts = await judgeAll(all, scratch);
  print(verdicts);
  process.exitCode = verdicts.length > 0 && verdicts.every(({ result }) => result === 'red') ? 0 : 1;
} finally {
  scratch.remove();
}

async function judgeAll(sabotages: readonly Sabotage[], copy: Scratch): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const file of new Set(sabotages.map(({ testFile }) => testFile))) {
    const own = sabotages.filter(({ testFile }) => testFile === file);
    const isSound = await passes(copy.root, file, namesOf(own));
    for (const sabotage of own) {
      const verdict = isSound
        ? await judge(sabotage, copy)
        : { sabotage, result: 'NOT DONE' as const, why: 'fails without any sabotage', seconds: 0 };
      verdicts.push(verdict);
      process.stdout.write(
        `${verdict.result.padEnd(12)} ${file}:${sabotage.line} (${verdict.seconds} s) ${verdict.why}\n`,
      );
      if (stop.signal.aborted) return verdicts;
    }
  }
  return verdicts;
}

async function judge(sabotage: Sabotage, copy: Scratch): Promise<Verdict> {
  const startedMs = Date.now();
  const verdict = (result: Verdict['result'], why = ''): Verdict => ({
    sabotage,
    result,
    why,
    seconds: Math.round((Date.now() - startedMs) / 1000),
  });
  let mend: () => void;
  try {
    mend = copy.breakLine(sabotage);
  } catch (error) {
    return verdict('NOT DONE', (error as Error).message);
  }
  try {
    const name = sabotage.testName;
    const isGreen = await passes(copy.root, sabotage.testFile, name);
    if (stop.signal.aborted) return verdict('NOT DONE', 'interrupted');
    return verdict(isGreen ? 'STAYS GREEN' : 'red');
  } finally {
    mend();
  }
}

/** One pattern for all tests that have a comment; null when one of them speaks for the whole file. */
function namesOf(sabotages: readonly Sabotage[]): string | null {
  const names = sabotages.map(({ testName }) => testName);
  return names.includes(null) ? null : [...new Set(names)].map((name) => `(${name})`).join('|');
}

function passes(cwd: string, file: string, name: string | null): Promise<boolean> {
  const args = ['run', file, '--reporter=dot', ...(name === null ? [] : ['-t', name])];
  const child = spawn(join(cwd, 'node_modules/.bin/vitest'), args, {
    cwd,
    stdio: process.env.AGOS_SABOTAGE_VERBOSE ? 'inherit' : 'ignore',
    timeout: RUN_LIMIT_MS,
    killSignal: 'SIGTERM',
    signal: stop.signal,
  });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

function print(verdicts: readonly Verdict[]): void {
  const table = new Table({
    head: ['Test', 'Line that is broken', 'Result'],
    style: { head: [], border: [] },
  });
  for (const { sabotage, result, why } of verdicts) {
    const { testFile, line, target, change } = sabotage;
    table.push([
      `${testFile}:${line}`,
      `${target}\n${change.slice(0, 80)}`,
      why ? `${result}: ${why}` : result,
    ]);
  }
  const red = verdicts.filter(({ result }) => result === 'red').length;
  process.stdout.write(`${table}\n${red} of ${verdicts.length} lines are held by a test\n`);
}
