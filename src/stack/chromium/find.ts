import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, userCacheDir } from '../cache.ts';
import { waitForLock } from '../lock.ts';
import { findOnPath } from '../on-path.ts';
import type { Progress } from '../progress.ts';
import { browserUser, makeReachableFolder, type OsUser, reachableFolder } from '../unprivileged.ts';
import { DEBIAN_SHELL, installWithApt } from './apt.ts';
import { findNpmBuild, unpackNpmBuild } from './npm-build.ts';
import { installWithPlaywright, playwrightPath } from './playwright.ts';
import { probeBrowser } from './probe.ts';
import type { Attempt, ChromiumContext, FoundBrowser } from './types.ts';

export type ChromiumFound = { path: string; source: string; version: string };

export type FindChromiumOptions = {
  environment: Environment;
  progress: Progress;
  /** False only looks, as `doctor` does: nothing is downloaded or installed. */
  allowInstall: boolean;
};

type Way = { source: string; attempt: (context: ChromiumContext) => Promise<Attempt> };

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/opt/google/chrome/chrome',
];

const LOOKING: readonly Way[] = [
  { source: 'Playwright', attempt: playwrightPath },
  { source: 'system', attempt: async ({ environment }) => findSystemBrowser(environment) },
  { source: 'npm build', attempt: findNpmBuild },
];

const INSTALLING: readonly Way[] = [
  { source: 'Playwright installer', attempt: installWithPlaywright },
  { source: 'apt', attempt: installWithApt },
  { source: 'npm build', attempt: unpackNpmBuild },
];

/** No browser is there and none could be provided. */
export class NoChromiumError extends Error {
  constructor(reasons: readonly string[]) {
    super(
      'No Chromium: install one (on Debian: apt-get install chromium-headless-shell) or set CHROMIUM_PATH to a Chromium or ' +
        `Chrome that this user can run (${reasons.join('; ')}).`,
    );
    this.name = 'NoChromiumError';
  }
}

/** The browser to use: the environment's, Playwright's or the system's, else one that is installed now. */
export async function findChromium(options: FindChromiumOptions): Promise<ChromiumFound> {
  const { environment, progress, allowInstall } = options;
  const user = browserUser();
  if (environment.CHROMIUM_PATH) return await namedByEnvironment(environment.CHROMIUM_PATH, user);
  const place = allowInstall ? makeReachableFolder : reachableFolder;
  const folder = await place(user, userCacheDir(environment));
  const context = { environment, progress, user, folder, allowInstall };
  const reasons: string[] = [];
  const found = await firstUsable(LOOKING, context, reasons);
  if (found) return found;
  if (!allowInstall) throw new NoChromiumError(reasons);
  const lock = await waitForLock(join(folder, 'chromium'), (holder) =>
    progress.working(`Chromium: ${holder} is installing it, waiting`),
  );
  try {
    const installed = await firstUsable([...LOOKING, ...INSTALLING], context, reasons);
    if (installed) return installed;
    throw new NoChromiumError([...new Set(reasons)]);
  } finally {
    await lock.release();
  }
}

async function firstUsable(
  ways: readonly Way[],
  context: ChromiumContext,
  reasons: string[],
): Promise<ChromiumFound | undefined> {
  for (const { source, attempt } of ways) {
    const outcome = await attempt(context).catch((error: Error) => ({ problem: error.message }));
    const probe = 'path' in outcome ? await probeBrowser(outcome.path, runsAs(outcome, context)) : outcome;
    if ('path' in outcome && 'version' in probe)
      return { path: outcome.path, source, version: probe.version };
    if ('problem' in probe) reasons.push(`${source}: ${probe.problem}`);
  }
  return undefined;
}

/** A browser that a start would copy for its user is tried by us, who can reach it as it lies. */
function runsAs(found: FoundBrowser, { user }: ChromiumContext): OsUser | undefined {
  return found.copyLater ? undefined : user;
}

function findSystemBrowser(environment: Environment): Attempt {
  const onPath = ['chromium', 'chromium-browser', 'google-chrome'].map((name) =>
    findOnPath(name, environment),
  );
  // The shell is the same engine without windows: it opens a page for a quarter of the CPU time.
  const path = [DEBIAN_SHELL, ...onPath, ...USUAL_PLACES].find(
    (candidate) => candidate && existsSync(candidate),
  );
  return path ? { path } : { problem: 'none installed' };
}

async function namedByEnvironment(path: string, user: OsUser | undefined): Promise<ChromiumFound> {
  const probe = await probeBrowser(path, user);
  if ('version' in probe) return { path, source: 'CHROMIUM_PATH', version: probe.version };
  throw new Error(`CHROMIUM_PATH=${path} does not work: ${probe.problem}. Correct it or unset it.`);
}
