import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Section } from './benchmark.ts';

const ROOT = join(import.meta.dirname, '../..');
const DOCUMENT = join(ROOT, 'docs/benchmarks.md');
/** Kept out of git. */
const RESULTS = join(ROOT, 'bench/results');

/** Puts a section into docs/benchmarks.md, in place of the one that stands there. */
export function writeSection(id: string, section: Section, versions: Record<string, string>): void {
  writeFileSync(DOCUMENT, withSection(readFileSync(DOCUMENT, 'utf8'), id, sectionText(section, versions)));
}

/** The document with this benchmark's section replaced, or added at its end. */
export function withSection(document: string, id: string, text: string): string {
  const [begin, end] = [`<!-- begin ${id} -->`, `<!-- end ${id} -->`];
  const block = `${begin}\n${text.trim()}\n${end}`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) return `${document.trimEnd()}\n\n${block}\n`;
  return document.slice(0, from) + block + document.slice(to + end.length);
}

/** Puts what a control run said into the section that stands in docs/benchmarks.md. */
export function writeControl(id: string, line: string): void {
  writeFileSync(DOCUMENT, withControl(readFileSync(DOCUMENT, 'utf8'), id, line));
}

/** The document with this line in place of the one about the control; as it is where no section stands. */
export function withControl(document: string, id: string, line: string): string {
  const [from, to] = [document.indexOf(`<!-- begin ${id} -->`), document.indexOf(`<!-- end ${id} -->`)];
  if (from < 0 || to < from) return document;
  const section = document.slice(from, to).replace(/^Control[:,].*$/m, () => line);
  return document.slice(0, from) + section + document.slice(to);
}

function sectionText({ title, markdown }: Section, versions: Record<string, string>): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const about = `Measured ${new Date().toISOString().slice(0, 10)} on ${machine()}; ${named.join(', ')}.`;
  return [`## ${title}`, about, markdown].join('\n\n');
}

/** Processor, memory and system in one phrase. */
function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${memory} GB, Linux ${release()} ${arch()}, Node ${process.versions.node}`;
}

/** Keeps everything that a run saw; answers where. */
export function keepRaw(name: string, raw: object): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = join(RESULTS, `${name}.json`);
  writeFileSync(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), machine: machine(), ...raw }, null, 1)}\n`,
  );
  return file;
}

/** What an earlier run kept under this name; null when there is none. */
export function readRaw<T>(name: string): T | null {
  try {
    return JSON.parse(readFileSync(join(RESULTS, `${name}.json`), 'utf8')) as T;
  } catch {
    return null;
  }
}
