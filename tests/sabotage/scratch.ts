import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readingsOf, type Sabotage } from './collect.ts';

/** A copy of the working tree in which lines may be broken. */
export type Scratch = {
  root: string;
  /** Breaks a line and gives back how to mend it; throws a sentence when that cannot be done. */
  breakLine(sabotage: Sabotage): () => void;
  remove(): void;
};

/** Copies every file that git knows or would know; the packages are shared. */
export function makeScratch(root: string): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'agos-sabotage-'));
  const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return {
    root: folder,
    breakLine: (sabotage) => breakLine(folder, sabotage),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function breakLine(root: string, sabotage: Sabotage): () => void {
  const path = join(root, sabotage.target);
  const { text, broken } = brokenText(root, sabotage);
  writeFileSync(path, broken);
  return () => writeFileSync(path, text);
}

/** A file as it is and as it would be; throws a sentence when the line is not to be found or leaves no code. */
export function brokenText(root: string, { target, change }: Sabotage): { text: string; broken: string } {
  const path = join(root, target);
  if (!existsSync(path)) throw new Error(`there is no ${target}`);
  const text = readFileSync(path, 'utf8');
  const reading = readingsOf(change).find(({ find }) => text.includes(find));
  const times = reading ? text.split(reading.find).length - 1 : 0;
  if (!reading || times !== 1) throw new Error(`stands ${times} times in ${target}, not once`);
  const broken = text.replace(reading.find, () => reading.replace);
  if (target.endsWith('.ts')) requireSyntax(broken);
  return { text, broken };
}

/** A file that no longer parses turns every test red and proves nothing. */
function requireSyntax(code: string): void {
  try {
    stripTypeScriptTypes(code);
  } catch {
    throw new Error('what is left is no valid code');
  }
}
