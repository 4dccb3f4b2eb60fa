import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLikenesses } from './check-originality.ts';
import { listSiteFolders } from './site.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agos-likeness-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(site: string, path: string, text: string): void {
  const file = join(root, site, 'public', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const kindsFound = () => findLikenesses(listSiteFolders(root)).map((likeness) => likeness.kind);
const lines = (count: number) => Array.from({ length: count }, (_, i) => `<p>line ${i}</p>`);

describe('the originality check', () => {
  it('finds no stylesheet, class list or block that two example sites share', () => {
    const folders = listSiteFolders(join(import.meta.dirname, '..', 'sites'));
    expect(folders.length).toBeGreaterThanOrEqual(15);
    expect(findLikenesses(folders)).toEqual([]);
  });

  it('sees a stylesheet that was only laid out anew, also inside a page', () => {
    write('one', 'a.css', 'h1 { color: red }\n');
    write('two', 'index.html', '<style>h1{color:red}</style>');
    expect(kindsFound()).toEqual(['stylesheet']);
  });

  it('sees a class list in another order, and leaves single classes alone', () => {
    write('one', 'index.html', '<p class="card wide"><b class="note">a</b>');
    write('two', 'index.html', "<div class='wide  card'><i class=note>b</i>");
    expect(kindsFound()).toEqual(['class_list']);
  });

  it('sees eight lines in a row through blank lines and indentation, and not seven', () => {
    write('one', 'index.html', lines(8).join('\n'));
    write('two', 'index.html', `<h1>other</h1>\n\n  ${lines(8).join('\n\n   ')}`);
    write('three', 'index.html', `${lines(7).join('\n')}\n<p>own</p>`);
    expect(kindsFound()).toEqual(['block']);
  });

  it('lets the pages of one site share what they like', () => {
    for (const page of ['index.html', 'more.html'])
      write('one', page, `<p class="a b">\n${lines(9).join('\n')}`);
    expect(kindsFound()).toEqual([]);
  });
});
