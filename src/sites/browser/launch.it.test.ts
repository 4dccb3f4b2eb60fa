import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { testChromium } from '../../../tests/support/test-browser.ts';
import { SiteHoldError } from '../../kernel/holds.ts';
import { BROWSER_USER } from '../../runtime/browser-user.ts';
import { launchChromium, type RunningChromium } from './launch.ts';
import { processTree } from './process-tree.ts';

const isRoot = process.getuid?.() === 0;

function statusOf(pid: number, field: string): string[] {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${field}:(.*)$`, 'm'))?.[1];
  return (line ?? '').trim().split(/\s+/);
}

async function processesOfType(pid: number, type: string): Promise<number[]> {
  const pids = processTree(pid).map((one) => one.pid);
  return pids.filter((one) => readFileSync(`/proc/${one}/cmdline`, 'utf8').includes(`--type=${type}`));
}

describe('one running Chromium', () => {
  let chromium: RunningChromium;
  beforeAll(async () => {
    vi.stubEnv('AGOS_TEST_SECRET', 'never-in-the-browser');
    chromium = await launchChromium({
      executablePath: await testChromium(),
      sandbox: 'on',
      rendererMemoryMb: 500,
    });
    const page = await chromium.browser.newPage();
    await page.goto('data:text/html,<h1>open</h1>');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await chromium.close();
  });

  // sabotage: src/sites/browser/launch.ts :: chromiumSandbox: options.sandbox === 'on', => chromiumSandbox: false,
  test('has no renderer outside the sandbox: each is filtered by seccomp and in a pid namespace of its own', async () => {
    const renderers = await processesOfType(chromium.pid, 'renderer');
    expect(renderers.length).toBeGreaterThan(0);
    for (const pid of renderers) {
      expect(statusOf(pid, 'Seccomp')).toEqual(['2']);
      expect(statusOf(pid, 'NSpid').length).toBeGreaterThan(1);
    }
  });

  test.runIf(isRoot)(
    'runs no process as root when we are root, but all as the user that we name',
    async () => {
      const { uid } = BROWSER_USER;
      for (const { pid } of processTree(chromium.pid)) {
        expect(new Set(statusOf(pid, 'Uid'))).toEqual(new Set([String(uid)]));
      }
    },
  );

  // sabotage: src/sites/browser/chromium-launcher.sh :: exec env -i => exec env
  test('sees nothing of our environment', () => {
    const environment = readFileSync(`/proc/${chromium.pid}/environ`, 'utf8');
    expect(environment).toContain(`HOME=${chromium.profileDir}`);
    expect(environment).not.toMatch(/AGOS_|SECRET=never|npm_|NODE|USER=/);
  });

  // sabotage: src/sites/browser/launch-arguments.ts :: '--proxy-server=http://127.0.0.1:9', => '--no-proxy-server',
  test('reaches nothing outside of a context with a proxy of its own: neither loopback nor its own homes', async () => {
    const page = await chromium.browser.newPage();
    for (const url of [`http://127.0.0.1:${chromium.debuggingPort}/`, 'https://accounts.google.com/']) {
      await expect(page.goto(url)).rejects.toThrow('ERR_PROXY_CONNECTION_FAILED');
    }
    await page.close();
  });

  test('answers on the debugging port that it wrote into its profile', async () => {
    const answer = await fetch(`http://127.0.0.1:${chromium.debuggingPort}/json/version`);
    expect(await answer.json()).toMatchObject({ Browser: expect.stringContaining('Chrome') });
  });

  test('leaves nobody listening to our signals', () => {
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGHUP')).toBe(0);
  });
});

test('leaves no process and no folder behind, also when it hangs', async () => {
  const chromium = await launchChromium({
    executablePath: await testChromium(),
    sandbox: 'on',
    rendererMemoryMb: 500,
  });
  const pids = processTree(chromium.pid).map(({ pid }) => pid);
  process.kill(chromium.pid, 'SIGSTOP');
  await chromium.close();
  // The last ones are orphans: the machine's first process reaps them in its own time.
  await expect.poll(() => pids.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 5_000 }).toEqual([]);
  expect(existsSync(chromium.profileDir)).toBe(false);
});

test('removes the profiles that killed processes have left, and no other', async () => {
  const profilesDir = mkdtempSync(join(tmpdir(), 'agos-test-'));
  onTestFinished(() => rmSync(profilesDir, { recursive: true }));
  chmodSync(profilesDir, 0o755);
  const left = join(profilesDir, 'agos-browser-4194999-1-dead');
  const other = join(profilesDir, 'agos-other');
  for (const folder of [left, other]) mkdirSync(folder);
  const options = { executablePath: await testChromium(), sandbox: 'on', rendererMemoryMb: 500 } as const;
  const first = await launchChromium({ ...options, profilesDir });
  expect([left, other].map((folder) => existsSync(folder))).toEqual([false, true]);
  const second = await launchChromium({ ...options, profilesDir });
  expect(existsSync(first.profileDir)).toBe(true);
  await Promise.all([first.close(), second.close()]);
  expect(readdirSync(profilesDir)).toEqual(['agos-other']);
});

test('says what to do where Chromium cannot have its sandbox', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'agos-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const withoutNamespaces = join(folder, 'chromium');
  // A user namespace whose own limit forbids further ones: what a locked-down kernel looks like to Chromium.
  writeFileSync(
    withoutNamespaces,
    `#!/bin/sh\nexec unshare --user --map-user=1000 --keep-caps sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$0" "$@"' ${await testChromium()} "$@"\n`,
    { mode: 0o755 },
  );
  chmodSync(folder, 0o755);
  const launched = launchChromium({
    executablePath: withoutNamespaces,
    sandbox: 'on',
    rendererMemoryMb: 500,
  });
  const error = await launched.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SiteHoldError);
  expect((error as SiteHoldError).hold.code).toBe('browser_sandbox_unavailable');
  expect((error as SiteHoldError).hold.message).toMatch(/user namespaces|ordinary user/);
});

test('says which file is missing when there is no Chromium', async () => {
  await expect(
    launchChromium({ executablePath: '/nowhere/chromium', sandbox: 'on', rendererMemoryMb: 500 }),
  ).rejects.toThrow('There is no Chromium at /nowhere/chromium');
});
