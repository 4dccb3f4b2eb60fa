import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { type Document, ROOT, readDocuments } from './markdown.ts';

const documents = readDocuments();
const topLevel = new Set(readdirSync(ROOT));
/** Made by a command and kept out of git. */
const MADE = /^(\.agos|dist|node_modules)(\/|$)/;
const FILE = /\.(ts|mjs|cjs|json|ya?ml|md|csv|sql|sh|svg|png|html)$/;

/** Whether a token of a document names a file or folder of the project. */
function isPath(token: string, { folder }: Document): boolean {
  if (!/^[\w.@*<>-]+(\/[\w.@*<>-]*)*$/.test(token) || MADE.test(token)) return false;
  const [first = ''] = token.split('/');
  if (FILE.test(token) && !/^\*?\.(it\.)?(test\.)?\w+$/.test(token)) return true;
  if (!token.includes('/')) return false;
  return token.endsWith('/') || topLevel.has(first) || existsSync(join(folder, first));
}

/** Names of all files and folders: a document may name one without its place. */
const names = new Set(
  ['src', 'workflows', 'activities', 'temporal', 'tests', 'examples/server', 'bench'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  ),
);

/** `<area>` and `*` stand for any name. */
function isThere(path: string, folder: string): boolean {
  const pattern = path.replace(/<[^>]+>/g, '*').replace(/\/$/, '');
  if (pattern.includes('*')) return globSync(pattern, { cwd: folder }).length > 0;
  return existsSync(join(folder, pattern)) || names.has(pattern);
}

const textsOf = ({ spans, shellLines }: Document): string[] => [...spans, ...shellLines];

test('documents name only files and folders that are there', () => {
  const missing = documents.flatMap((document) =>
    textsOf(document)
      .flatMap((text) => text.split(/\s+/))
      .map((token) => token.replace(/^@|[,;:]$/g, ''))
      .filter((token) => isPath(token, document))
      .filter((path) => !isThere(path, ROOT) && !isThere(path, document.folder))
      .map((path) => `${document.file}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test('documents link only to files that are there', () => {
  const missing = documents.flatMap(({ file, folder, links }) =>
    links.filter((link) => !existsSync(join(folder, link))).map((link) => `${file}: ${link}`),
  );
  expect(missing).toEqual([]);
});

test('documents name only npm scripts and agos commands that exist, with options that they take', async () => {
  const cited = documents.flatMap((document) =>
    textsOf(document)
      .flatMap(commandsIn)
      .map((one) => ({ ...one, file: document.file })),
  );
  expect(cited.length).toBeGreaterThan(20);
  const faults = await Promise.all(
    cited.map(async (one) => {
      const fault = await faultOf(one);
      return fault === null ? [] : [`${one.file}: ${fault}`];
    }),
  );
  expect(faults.flat()).toEqual([]);
});

type Cited = { text: string; npm?: string; agos?: string; words: string[] };

/** The commands of a line: `npm run x -- --flag`, `npm test`, `npx agos x --flag`, `agos x`. */
function commandsIn(line: string): Cited[] {
  return line.split(/&&|\|\||[|;]/).flatMap((part): Cited[] => {
    const words = part
      .trim()
      .replace(/#.*$/, '')
      .split(/\s+/)
      .filter((word) => !/^[A-Z_]+=/.test(word));
    const text = words.join(' ');
    if (words[0] === 'npm' && words[1] === 'run')
      return [{ text, npm: words[2] ?? '', words: words.slice(3) }];
    if (words[0] === 'npm' && words[1] === 'test') return [{ text, npm: 'test', words: [] }];
    const at = words[0] === 'npx' ? 1 : 0;
    if (words[at] !== 'agos' || words.length < at + 2) return [];
    return [{ text, agos: words[at + 1] ?? '', words: words.slice(at + 2) }];
  });
}

const scripts = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
).scripts;

async function faultOf({ text, npm, agos, words }: Cited): Promise<string | null> {
  if (npm !== undefined && !(npm in scripts)) return `${text}: no such script`;
  const name = agos ?? /agos\.mjs (\w+)/.exec(scripts[npm ?? ''] ?? '')?.[1];
  if (name === undefined || name.startsWith('-')) return null;
  const command = await commandNamed(name);
  if (!command) return `${text}: no such command`;
  const subcommand = command.commands.find((one) => one.name() === words[0]) ?? command;
  const [first = '--'] = words;
  if (command.commands.length > 0 && subcommand === command && !first.startsWith('--'))
    return `${text}: no such subcommand`;
  const flags = words.map((word) => /^--[a-z][a-z-]*/.exec(word)?.[0]).filter((flag) => flag !== undefined);
  const unknown = flags.find((flag) => !subcommand.options.some((option) => option.long === flag));
  return unknown ? `${text}: no option ${unknown}` : null;
}

async function commandNamed(name: string): Promise<Command | null> {
  const file = join(ROOT, 'src/cli', `${name}.ts`);
  if (!/^[a-z]+$/.test(name) || !existsSync(file)) return null;
  const module = (await import(file)) as Record<string, () => Command>;
  return module[`${name}Command`]?.() ?? null;
}
