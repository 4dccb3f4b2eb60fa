import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Environment = Record<string, string | undefined>;

/** The variables that are set, as a child process takes them. */
export function definedIn(environment: Environment): Record<string, string> {
  const set = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(set);
}

/** The user's cache folder for AgOS, made by whoever writes there first; a private folder under the temporary one when there is no writable home. */
export function userCacheDir(environment: Environment): string {
  const candidates = [
    environment.XDG_CACHE_HOME && join(environment.XDG_CACHE_HOME, 'agos'),
    join(environment.HOME ?? homedir(), '.cache', 'agos'),
  ];
  for (const folder of candidates) {
    if (folder && isUsable(folder)) return folder;
  }
  const fallback = join(tmpdir(), `agos-cache-${process.getuid?.()}`);
  mkdirSync(fallback, { recursive: true, mode: 0o700 });
  return fallback;
}

/** Only looks, since `doctor` asks too: what is not there can be made where its nearest parent can be written. */
function isUsable(folder: string): boolean {
  let nearest = folder;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
