import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Stop } from './rules.ts';

/**
 * The kill switch of one machine, for when the database cannot be reached: API and workers that share the
 * file refuse to start anything while it is there.
 */
export type StopFile = {
  path: string;
  read(): Promise<Stop | null>;
  /** Throws where the file cannot be written: then nothing is stopped. */
  write(stop: { reason: string; by: string; at: Date }): Promise<void>;
  /** Whether there was one. */
  remove(): Promise<boolean>;
};

const MOST_BYTES = 4_096;
const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** Makes the switch over a path; a file that cannot be read or understood counts as on. */
export function createStopFile(path: string): StopFile {
  const read = async (): Promise<Stop | null> => {
    try {
      const { mtime } = await stat(path);
      return { reach: 'machine', reason: await reasonIn(path), since: mtime };
    } catch (error) {
      if (ABSENT.has(String((error as NodeJS.ErrnoException).code))) return null;
      return { reach: 'machine', reason: `${path} cannot be read.`, since: new Date() };
    }
  };
  return {
    path,
    read,
    async write({ reason, by, at }) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Whole or not at all: a reader of half a file would only see that it is on, not why.
      const draft = `${path}.${process.pid}`;
      await writeFile(draft, `${JSON.stringify({ reason, by, at: at.toISOString() })}\n`, { mode: 0o644 });
      await rename(draft, path);
    },
    async remove() {
      const stood = (await read()) !== null;
      await rm(path, { force: true });
      return stood;
    },
  };
}

async function reasonIn(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).slice(0, MOST_BYTES);
  try {
    const { reason } = JSON.parse(text) as { reason?: unknown };
    if (typeof reason === 'string' && reason !== '') return reason;
  } catch {
    // Somebody made the file by hand.
  }
  return 'no reason was written down.';
}
