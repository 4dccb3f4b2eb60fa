import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, readDocuments } from './markdown.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Name and default of every setting, as the schema in the source has them. */
function settingsOfSource(): Record<string, string | null> {
  const declared = read('src/runtime/config.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+): (.+),$/gm);
  return Object.fromEntries(
    [...declared].map(([, name = '', schema = '']) => {
      const byDefault = /\.default\(([^)]*)\)/.exec(schema)?.[1]?.replace(/^'|'$/g, '') ?? null;
      return [name, schema.startsWith('flag') ? (byDefault === 'true' ? 'on' : 'off') : byDefault];
    }),
  );
}

function settingsOfReadme(): Record<string, string | null> {
  const [, table = ''] = read('README.md').split('### Settings');
  const rows = table.matchAll(/^\| `([A-Z0-9_]+)` \|([^|]*)\|/gm);
  return Object.fromEntries(
    [...rows].map(([, name = '', cell = '']) => [name, /`([^`]+)`/.exec(cell)?.[1] ?? null]),
  );
}

test('the README has every setting of the configuration with its default, and no other', () => {
  const settings = settingsOfSource();
  expect(Object.keys(settings).length).toBeGreaterThan(20);
  expect(settingsOfReadme()).toEqual(settings);
});

test('every variable that a document names is read somewhere', () => {
  const temporal = dirname(createRequire(import.meta.url).resolve('@temporalio/envconfig'));
  const source = [
    ...globSync('{src,temporal,tests,examples,bench}/**/*.ts', { cwd: ROOT }).map((file) => join(ROOT, file)),
    ...globSync('*.js', { cwd: temporal }).map((file) => join(temporal, file)),
  ]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const unknown = readDocuments().flatMap(({ file, spans, shellLines }) =>
    [...spans, ...shellLines]
      .flatMap((text) => text.match(/\b(?:AGOS|DATABASE|TEMPORAL|ANTHROPIC|CHROMIUM)_[A-Z0-9_]+\b/g) ?? [])
      .filter((name) => !source.includes(name))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});
