import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where a running stack can be reached and with which key: written by `up`, read by every client command. */
export type Credentials = {
  url: string;
  api_key: string;
};

/** Folder of one stack's data, below the current folder unless `AGOS_DATA_DIR` names another. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return environment.AGOS_DATA_DIR ?? join(process.cwd(), '.agos');
}

const fileIn = (folder: string) => join(folder, 'credentials');

/** Writes the credentials so that only this user can read them. */
export function writeCredentials(folder: string, credentials: Credentials): void {
  const file = fileIn(folder);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
}

/** The credentials of the stack that runs on this folder, or null. */
export function readCredentials(folder: string): Credentials | null {
  try {
    return JSON.parse(readFileSync(fileIn(folder), 'utf8')) as Credentials;
  } catch {
    return null;
  }
}

/** Forgets the credentials of a stack that has ended. */
export function removeCredentials(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}
