import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { silentProgress } from '../progress.ts';
import { browserUser } from '../unprivileged.ts';
import { findChromium } from './find.ts';
import { findNpmBuild, unpackNpmBuild } from './npm-build.ts';
import { playwrightPath } from './playwright.ts';
import { probeBrowser } from './probe.ts';

let folder: string;
const progress = silentProgress;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agos-chromium-'));
  execFileSync('chmod', ['755', folder]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function find(chromiumPath: string): Promise<unknown> {
  return findChromium({ environment: { CHROMIUM_PATH: chromiumPath }, progress, allowInstall: false });
}

test('CHROMIUM_PATH is taken as it is, and a wrong one is a sentence instead of another browser', async () => {
  const path = join(folder, 'browser');
  await expect(find(path)).rejects.toThrow(/^CHROMIUM_PATH=.* does not work: .* Correct it or unset it\.$/);
  await writeFile(path, '#!/bin/sh\necho Chromium 156.0.8078.79 built on something\n', { mode: 0o755 });
  expect(await find(path)).toEqual({ path, source: 'CHROMIUM_PATH', version: '156.0.8078.79' });
});

test('a browser that its unprivileged user cannot reach is not taken', async (context) => {
  if (!browserUser()) context.skip('needs root: else we run the browser ourselves');
  const path = join(folder, 'browser');
  await writeFile(path, '#!/bin/sh\necho Chromium 156.0.8078.79\n', { mode: 0o700 });
  await expect(find(path)).rejects.toThrow(/user 64242 cannot run it/);
});

test("root's own Playwright browser is copied for the browser's user by a start, never by a mere look", async (context) => {
  vi.stubEnv('PLAYWRIGHT_BROWSERS_PATH', join(folder, 'root'));
  context.onTestFinished(() => void vi.unstubAllEnvs());
  const { chromium } = await import('playwright-core');
  const usual = chromium.executablePath();
  if (!usual.startsWith(folder)) throw new Error('Playwright has read its environment before');
  await mkdir(dirname(usual), { recursive: true });
  await writeFile(usual, '#!/bin/sh\n', { mode: 0o700 });
  const user = { uid: 64_242, gid: 64_242 };
  const ways = { environment: {}, progress, user, folder: join(folder, 'shared') };

  expect(await playwrightPath({ ...ways, allowInstall: false })).toEqual({ path: usual, copyLater: true });
  expect(existsSync(ways.folder)).toBe(false);
  const copied = await playwrightPath({ ...ways, allowInstall: true });
  expect(copied).toEqual({ path: expect.stringMatching(`^${ways.folder}/playwright/`) });
});

test('the build from npm is unpacked once and runs as the user who will run it', async () => {
  const user = browserUser();
  const context = { environment: {}, progress, user, folder, allowInstall: true };
  expect(await findNpmBuild(context)).toEqual({ problem: 'not unpacked' });
  const unpacked = await unpackNpmBuild(context);
  expect(await findNpmBuild(context)).toEqual(unpacked);
  if (!('path' in unpacked)) throw new Error(unpacked.problem);
  expect(await probeBrowser(unpacked.path, user)).toMatchObject({ version: expect.stringMatching(/^\d+\./) });
});
