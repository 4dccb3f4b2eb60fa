import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';
import { lookAtTrees } from '../harness/processes.ts';

/** What a worker holds at one moment. */
export type Leftovers = {
  /** Memory of its own: the worker alone, and with the browser below it. */
  workerMb: number;
  treeMb: number;
  processes: number;
  contexts: number;
  openFiles: number;
  /** Entries of its folder for temporary files. */
  temporary: number;
};

/** Looks at a worker from outside. */
export async function leftoversOf(worker: number, temporaryDir: string): Promise<Leftovers> {
  const tree = await lookAtTrees([worker]);
  const sum = (looks: typeof tree): number => looks.reduce((total, one) => total + one.ownMb, 0);
  return {
    workerMb: sum(tree.filter((one) => one.name.startsWith(`${worker}@`))),
    treeMb: sum(tree),
    processes: tree.length,
    contexts: await openContexts(temporaryDir),
    openFiles: readdirSync(`/proc/${worker}/fd`).length,
    temporary: readdirSync(temporaryDir).length,
  };
}

/** Browser contexts besides the one that every Chromium has; the browser itself says how many. */
export async function openContexts(temporaryDir: string): Promise<number> {
  let contexts = 0;
  for (const name of readdirSync(temporaryDir)) {
    const address = debuggingAddress(join(temporaryDir, name, 'profile/DevToolsActivePort'));
    if (address !== null) contexts += await countContexts(address);
  }
  return contexts;
}

function debuggingAddress(file: string): string | null {
  try {
    const [port, path] = readFileSync(file, 'utf8').trim().split('\n');
    return `ws://127.0.0.1:${port}${path}`;
  } catch {
    return null; // no browser's folder, or one that goes just now
  }
}

function countContexts(address: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(address);
    socket.once('open', () => socket.send(JSON.stringify({ id: 1, method: 'Target.getBrowserContexts' })));
    socket.once('message', (data) => {
      socket.close();
      const { result } = JSON.parse(String(data)) as { result?: { browserContextIds: string[] } };
      resolve(result?.browserContextIds.length ?? 0);
    });
    // A browser that is gone has no context open.
    socket.once('error', () => resolve(0));
  });
}
