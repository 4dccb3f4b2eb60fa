import { join, resolve } from 'node:path';

/** Where the stop file of this machine lies: `AGOS_STOP_FILE`, else in the data folder. */
export function stopFilePath(dataDir: string, environment: NodeJS.ProcessEnv): string {
  return resolve(environment.AGOS_STOP_FILE ?? join(dataDir, 'stop'));
}
