import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from './cache.ts';

/** First file of that name in the folders of PATH. */
export function findOnPath(name: string, environment: Environment): string | undefined {
  const folders = (environment.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
