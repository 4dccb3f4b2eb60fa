import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentProgress } from '../progress.ts';
import { findTemporalServer, NoTemporalError, type TemporalServer } from './find.ts';

let folder: string;
const progress = silentProgress;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agos-find-'));
  await mkdir(join(folder, 'bin'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function command(path: string, output: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${output}'\n`, { mode: 0o755 });
}

function find(allowInstall: boolean, more: Record<string, string> = {}): Promise<TemporalServer> {
  const unreachable = 'http://127.0.0.1:9';
  const environment = {
    PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
    HOME: folder,
    HTTPS_PROXY: unreachable,
    HTTP_PROXY: unreachable,
    ...more,
  };
  return findTemporalServer({ environment, cacheDir: join(folder, 'cache'), progress, allowInstall });
}

test('a server that TEMPORAL_ADDRESS names comes before everything else', async () => {
  await command(join(folder, 'bin', 'temporal'), 'temporal version 1.6.0 (Server 1.30.0, UI 2.4)');
  const found = await find(true, { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'agency' });
  expect(found).toMatchObject({ kind: 'external', address: 'temporal.example:7233', namespace: 'agency' });
});

test('a command line on PATH is used when its server is 1.29 or newer, else the one in the cache', async () => {
  const onPath = join(folder, 'bin', 'temporal');
  const cached = join(folder, 'cache', 'temporal', 'temporal-cli-1.5.1');
  await command(onPath, 'temporal version 1.6.0 (Server 1.29.0, UI 2.4)');
  await command(cached, 'temporal version 1.5.1 (Server 1.29.1, UI 2.4)');
  expect(await find(false)).toMatchObject({ path: onPath, source: 'PATH', version: '1.29.0' });
  await command(onPath, 'temporal version 1.4.0 (Server 1.28.9, UI 2.4)');
  expect(await find(false)).toMatchObject({ path: cached, source: 'cache', version: '1.29.1' });
});

test('a file in the cache that does not run is made again, but left alone by a mere look', async () => {
  const cached = join(folder, 'cache', 'temporal', 'temporal-cli-1.5.1');
  await mkdir(join(cached, '..'), { recursive: true });
  await writeFile(cached, 'cut short', { mode: 0o755 });
  await expect(find(false)).rejects.toThrow(NoTemporalError);
  expect(existsSync(cached)).toBe(true);
  await command(join(folder, 'bin', 'go'), 'go version go1.19.8 linux/amd64');
  await expect(find(true)).rejects.toThrow(NoTemporalError);
  expect(existsSync(cached)).toBe(false);
});

test('with nothing to be had, one sentence says what to do, and no half-made file stays', async () => {
  await command(join(folder, 'bin', 'go'), 'go version go1.19.8 linux/amd64');
  const failure = await find(true).then(
    () => undefined,
    (error: Error) => error,
  );
  expect(failure).toBeInstanceOf(NoTemporalError);
  expect(failure?.message).toMatch(
    /^No Temporal server: set TEMPORAL_ADDRESS .* or install Go 1\.25 or newer/,
  );
  expect(failure?.message).toContain('SDK download');
  expect(failure?.message).toContain('Go 1.19, too old');
  expect(await readdir(join(folder, 'cache', 'temporal'))).toEqual([]);
});

test('two runs at once build it once: the second waits for the first', async () => {
  const marker = join(folder, 'builds');
  const script = `#!/bin/sh
if [ "$1" = version ]; then echo 'go version go1.25.0 linux/amd64'; exit; fi
echo built >> '${marker}'; sleep 1; mkdir -p "$GOBIN"
printf '#!/bin/sh\\necho "(Server 1.29.1, UI 2)"\\n' > "$GOBIN/temporal"; chmod 755 "$GOBIN/temporal"`;
  await writeFile(join(folder, 'bin', 'go'), script, { mode: 0o755 });
  const [first, second] = await Promise.all([find(true), find(true)]);
  expect([first, second].map((found) => found.kind === 'binary' && found.source).sort()).toEqual([
    'cache',
    'go install',
  ]);
  expect(await readFile(marker, 'utf8')).toBe('built\n');
  expect(await readdir(join(folder, 'cache', 'temporal'))).toEqual(['temporal-cli-1.5.1']);
});
