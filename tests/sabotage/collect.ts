import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';

/** One line whose change must turn a test red. */
export type Sabotage = {
  testFile: string;
  line: number;
  /** Pattern of the test's name; null runs the whole file. */
  testName: string | null;
  target: string;
  /** `part of a line => what stands there instead`, as it was written. */
  change: string;
};

/** `// sabotage: file :: part of one line => what stands there instead`; nothing after the arrow removes it. */
const COMMENT = /^\s*\/\/ sabotage: (\S+) :: (.+ =>.*)$/;
const LOOKS_LIKE_ONE = /^\s*\/\/\s*sabotage\b/i;
const MAX_TABLE_LINES = 120;
const NAME = /\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])+)\1,/;
const TABLE_NAME = /\)\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])+)\1,/;
const TEST_CALL = /^(\s*)(?:test|it)(?:\.\w+(?:\(.*)?)*[([<]/;

/** Reads the comments of every test under `root`; throws when one is not written as it should be. */
export async function collectSabotages(root: string): Promise<Sabotage[]> {
  const found: Sabotage[] = [];
  const pattern = '{src,tests,temporal,workflows,activities,examples}/**/*.test.ts';
  for await (const file of glob(pattern, {
    cwd: root,
    exclude: ['**/node_modules/**', 'tests/sabotage/**'],
  })) {
    found.push(...sabotagesOf(file, readFileSync(join(root, file), 'utf8')));
  }
  return found.sort((a, b) => a.testFile.localeCompare(b.testFile) || a.line - b.line);
}

/** Every way to read a change, the longest part of a line first: the code itself may hold arrows. */
export function readingsOf(change: string): { find: string; replace: string }[] {
  return [...change.matchAll(/ =>( |$)/g)]
    .map(({ index, 0: arrow }) => ({
      find: change.slice(0, index),
      replace: change.slice(index + arrow.length),
    }))
    .reverse();
}

/** The comments of one test file. */
export function sabotagesOf(testFile: string, text: string): Sabotage[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (!LOOKS_LIKE_ONE.test(line)) return [];
    const match = COMMENT.exec(line);
    if (!match) throw new Error(`${testFile}:${index + 1} must read "// sabotage: file :: find => replace"`);
    const [, target = '', change = ''] = match;
    return [{ testFile, line: index + 1, testName: testAround(lines, index), target, change }];
  });
}

/** The test in which, or right above which, a comment stands. */
function testAround(lines: readonly string[], at: number): string | null {
  const next = lines.findIndex((line, index) => index > at && !LOOKS_LIKE_ONE.test(line));
  if (TEST_CALL.test(lines[next] ?? '')) return nameFrom(lines, next);
  const indent = indentOf(lines[at] ?? '');
  for (let index = at - 1; index >= 0; index -= 1) {
    const call = TEST_CALL.exec(lines[index] ?? '');
    if (call && (call[1] ?? '').length < indent) return nameFrom(lines, index);
  }
  return null;
}

/** The name is the first argument; that of a table follows the table. What the table fills in may be anything. */
function nameFrom(lines: readonly string[], at: number): string | null {
  const text = lines.slice(at, at + MAX_TABLE_LINES).join('\n');
  const match = (/^\s*\w+\.(each|for|runIf|skipIf)\b/.test(text) ? TABLE_NAME : NAME).exec(text);
  if (!match) return null;
  const name = (match[2] ?? '').replace(/\\(['"`])/g, '$1');
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return `${literal.replace(/%[sdijfo]|\\\$\\\{[^}]*\\\}|\\\$\w+/g, '.*')}$`;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
