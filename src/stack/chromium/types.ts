import type { Environment } from '../cache.ts';
import type { Progress } from '../progress.ts';
import type { OsUser } from '../unprivileged.ts';

/** What every way of finding or installing a browser is told. */
export type ChromiumContext = {
  environment: Environment;
  progress: Progress;
  user: OsUser | undefined;
  /** Folder that we may write and the browser's user may read; not made yet where we only look. */
  folder: string;
  /** False only looks, as `doctor` does: nothing on this machine changes. */
  allowInstall: boolean;
};

/** A way to a browser: a path, or a sentence why there is none. */
export type Attempt = FoundBrowser | { problem: string };
/** `copyLater`: only we can reach it as it lies, and a start makes a copy. */
export type FoundBrowser = { path: string; copyLater?: true };
