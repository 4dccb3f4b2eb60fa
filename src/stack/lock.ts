import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody else holds the lock; `holder` is what that process says about itself. */
export class LockHeldError extends Error {
  readonly holder: string;

  constructor(path: string, holder: string) {
    super(`${path} is in use by ${holder}.`);
    this.name = 'LockHeldError';
    this.holder = holder;
  }
}

export type Lock = { release(): Promise<void> };

/**
 * Takes a lock named by a folder or file, or throws `LockHeldError`.
 * It is a socket name of the kernel's, which ends with its process: there is no stale lock to judge.
 */
export async function takeLock(path: string, description = `process ${process.pid}`): Promise<Lock> {
  const name = socketName(path);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const server = await listen(name, description);
    if (server) return { release: () => new Promise((resolve) => server.close(() => resolve())) };
    const holder = await askHolder(name);
    if (holder !== undefined) throw new LockHeldError(path, holder);
  }
  throw new LockHeldError(path, 'another process');
}

/** Takes a lock, waiting for whoever holds it. */
export async function waitForLock(path: string, onWait: (holder: string) => void): Promise<Lock> {
  for (;;) {
    try {
      return await takeLock(path);
    } catch (error) {
      if (!(error instanceof LockHeldError)) throw error;
      onWait(error.holder);
      await sleep(500);
    }
  }
}

/** What the holder of a lock says about itself; `undefined` when nobody holds it. */
export async function lockHolder(path: string): Promise<string | undefined> {
  return await askHolder(socketName(path));
}

/** The folder may be reached by several names; the lock itself need not exist as a file. */
function socketName(path: string): string {
  let real = path;
  try {
    real = join(realpathSync(dirname(path)), basename(path));
  } catch {
    // A folder that does not exist yet has one name only.
  }
  return `\0agos-${createHash('sha256').update(real).digest('hex').slice(0, 32)}`;
}

function listen(name: string, description: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(description);
    });
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(name, () => {
      server.unref();
      resolve(server);
    });
  });
}

function askHolder(name: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(name);
    socket.setTimeout(1_000, () => {
      socket.destroy();
      resolve(answer || 'another process');
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('end', () => resolve(answer || 'another process'));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? undefined : 'another process'),
    );
  });
}
