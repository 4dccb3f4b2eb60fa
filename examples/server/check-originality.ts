import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { load } from 'cheerio';
import { listSiteFolders } from './site.ts';

const BLOCK_LINES = 8;
const TEXT_FILES = new Set(['.html', '.css', '.js', '.svg']);

/** One thing that two sites have in common although each is to be written by itself. */
export type Likeness = {
  kind: 'stylesheet' | 'class_list' | 'block';
  /** The two files, as site/path. */
  files: [string, string];
  what: string;
};

type TextFile = { site: string; path: string; text: string };
type Trait = Omit<Likeness, 'files'> & { site: string; path: string };

/** Finds what different sites share: a stylesheet, a class list of two or more, or eight lines in a row. */
export function findLikenesses(folders: readonly string[]): Likeness[] {
  const seen = new Map<string, Trait>();
  const found = new Map<string, Likeness>();
  for (const trait of folders.flatMap(textFiles).flatMap(traits)) {
    const key = `${trait.kind}\n${trait.what}`;
    const earlier = seen.get(key);
    if (!earlier) seen.set(key, trait);
    else if (earlier.site !== trait.site && !found.has(key)) {
      const files: [string, string] = [earlier.path, trait.path];
      found.set(key, { kind: trait.kind, files, what: trait.what });
    }
  }
  return [...found.values()];
}

function textFiles(folder: string): TextFile[] {
  const root = join(folder, 'public');
  const entries = readdirSync(root, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && TEXT_FILES.has(extname(entry.name)))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const site = basename(folder);
      return { site, path: `${site}/${relative(root, path)}`, text: readFileSync(path, 'utf8') };
    });
}

function traits(file: TextFile): Trait[] {
  const of = (kind: Trait['kind']) => (what: string) => ({ kind, what, site: file.site, path: file.path });
  return [
    ...stylesheets(file).map(of('stylesheet')),
    ...classLists(file).map(of('class_list')),
    ...blocks(file).map(of('block')),
  ];
}

/** The sheets of a file without their white space: a .css file, or the style elements of a page. */
function stylesheets({ path, text }: TextFile): string[] {
  const sheets = path.endsWith('.css') ? [text] : [];
  if (path.endsWith('.html')) {
    const $ = load(text);
    sheets.push(...$('style').map((_, element) => $(element).text()));
  }
  return sheets.map((sheet) => sheet.replace(/\s+/g, '')).filter((sheet) => sheet !== '');
}

/** Every class attribute that names two or more classes, in alphabetical order. */
function classLists({ path, text }: TextFile): string[] {
  if (!path.endsWith('.html')) return [];
  const $ = load(text);
  const lists = $('[class]').map((_, element) => sortedClasses($(element).attr('class') ?? ''));
  return [...lists].filter((list) => list.includes(' '));
}

function sortedClasses(value: string): string {
  return [...new Set(value.split(/\s+/).filter(Boolean))].sort().join(' ');
}

/** Every run of eight lines, blank ones left out and indentation ignored. */
function blocks({ text }: TextFile): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const starts = Math.max(0, lines.length - BLOCK_LINES + 1);
  return Array.from({ length: starts }, (_, start) => lines.slice(start, start + BLOCK_LINES).join('\n'));
}

if (import.meta.main) {
  const likenesses = findLikenesses(listSiteFolders(join(import.meta.dirname, '..', 'sites')));
  for (const { kind, files, what } of likenesses) {
    process.stdout.write(`${kind}: ${files.join(' and ')}\n  ${what.replaceAll('\n', '\n  ')}\n`);
  }
  process.stdout.write(`${likenesses.length} things that two sites share\n`);
  process.exitCode = likenesses.length === 0 ? 0 : 1;
}
