import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { BROWSER_USER } from '../../runtime/browser-user.ts';
import { launchArguments, REFUSED_DEFAULT_ARGUMENTS } from './launch-arguments.ts';
import { explainLaunchFailure } from './launch-failure.ts';
import { killTree } from './process-tree.ts';
import { makeProfile, removeProfile, sweepProfiles } from './profile-folder.ts';

const LAUNCHER = fileURLToPath(new URL('./chromium-launcher.sh', import.meta.url));
const LAUNCH_TIMEOUT_MS = 30_000;
const PORT_FILE_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 3_000;

export type ChromiumOptions = {
  executablePath: string;
  /** `off` only ever comes from a development configuration. */
  sandbox: 'on' | 'off';
  /** Whom Chromium runs as when this process is root; ignored otherwise. */
  user?: { uid: number; gid: number } | undefined;
  /** Where the profile folder is made; the user above must be able to reach it. */
  profilesDir?: string | undefined;
  rendererMemoryMb: number;
  /** Whom sites may ask about us; part of the user agent. */
  contact?: string | undefined;
};

export type RunningChromium = {
  browser: Browser;
  /** The browser process, the root of the tree. */
  pid: number;
  debuggingPort: number;
  profileDir: string;
  /** Ends the whole tree and removes its folders, also when Chromium no longer answers. */
  close(): Promise<void>;
};

/** Starts one Chromium: sandboxed, never as root, with an empty environment, reaching nothing by itself. */
export async function launchChromium(options: ChromiumOptions): Promise<RunningChromium> {
  assertExecutable(options.executablePath);
  const user = process.getuid?.() === 0 ? (options.user ?? BROWSER_USER) : undefined;
  const parent = options.profilesDir ?? tmpdir();
  await sweepProfiles(parent);
  const folder = await makeProfile(parent, user);
  let browser: Browser | undefined;
  try {
    browser = await startBrowser(options, folder.profile, user);
    const pid = await browserPid(browser);
    const debuggingPort = await readDebuggingPort(folder.profile);
    const close = closer(browser, pid, folder.root);
    return { browser, pid, debuggingPort, profileDir: folder.profile, close };
  } catch (error) {
    await browser?.close().catch(() => undefined);
    await removeProfile(folder.root);
    throw explainLaunchFailure(error, { executablePath: options.executablePath, uid: user?.uid });
  }
}

function assertExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`There is no Chromium at ${path}; set CHROMIUM_PATH to one.`);
  }
}

async function startBrowser(
  options: ChromiumOptions,
  profile: string,
  user: ChromiumOptions['user'],
): Promise<Browser> {
  return await chromium.launch({
    executablePath: LAUNCHER,
    chromiumSandbox: options.sandbox === 'on',
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      AGOS_CHROMIUM: options.executablePath,
      AGOS_PROFILE: profile,
      ...(user ? { AGOS_UID: String(user.uid), AGOS_GID: String(user.gid) } : {}),
    },
    args: launchArguments(options),
    ignoreDefaultArgs: REFUSED_DEFAULT_ARGUMENTS,
    // The worker's own shutdown closes the pool; a second handler would end Chromium under open sites.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    timeout: LAUNCH_TIMEOUT_MS,
  });
}

async function browserPid(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const found = processInfo.find(({ type }) => type === 'browser');
  if (!found) throw new Error('Chromium does not name its own process.');
  return found.id;
}

async function readDebuggingPort(profile: string): Promise<number> {
  const until = Date.now() + PORT_FILE_TIMEOUT_MS;
  while (Date.now() < until) {
    const text = await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '');
    const port = Number.parseInt(text, 10);
    if (port > 0) return port;
    await delay(20);
  }
  throw new Error('Chromium did not write its debugging port.');
}

function closer(browser: Browser, pid: number, folder: string): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = browser.close().catch(() => undefined);
    const inTime = await Promise.race([closed.then(() => true), delay(CLOSE_TIMEOUT_MS, false)]);
    if (!inTime) {
      killTree(pid);
      await closed;
    }
    // A folder that resists is no reason to fail: nobody waits for this but the next browser.
    await removeProfile(folder).catch(() => undefined);
  };
  return () => {
    closing ??= close();
    return closing;
  };
}
