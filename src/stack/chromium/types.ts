import type { Environment } from '../cache.ts';
import type { Progress } from '../progress.ts';
import type { OsUser } from '../unprivileged.ts';

/** What every way of finding or installing a browser is told. */
export type ChromiumContext = {
  environment: Environment;
  progress: Progress;
  user: OsUser | undefined;
  /** Folder that we may write and the browser's user may read. */
  folder: string;
};

/** A way to a browser: a path, or a sentence why there is none. */
export type Attempt = { path: string } | { problem: string };
