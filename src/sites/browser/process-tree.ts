import { closeSync, openSync, readdirSync, readSync } from 'node:fs';

const PAGE_BYTES = 4096;
/** Linux counts in hundredths of a second, on every machine. */
const TICK_MS = 10;

/** One process of the machine as the kernel tells of it. */
type ProcessLook = {
  pid: number;
  parentPid: number;
  residentBytes: number;
  cpuMs: number;
  /** When it began, in ticks since the machine did: an id is used again, the two together are not. */
  begun: string;
};

export type ProcessMemory = { pid: number; residentBytes: number };

/** Lists a process and everything below it with its resident memory; processes that end meanwhile are left out. */
export function processTree(rootPid: number): ProcessMemory[] {
  return lookAtTree(rootPid).map(({ pid, residentBytes }) => ({ pid, residentBytes }));
}

/** CPU time so far of a process and of everything below it, each named by its id and the moment it began. */
export function processTimes(rootPid: number): { process: string; cpuMs: number }[] {
  return lookAtTree(rootPid).map(({ pid, begun, cpuMs }) => ({ process: `${pid}@${begun}`, cpuMs }));
}

/** Ends a process and everything below it at once; one that is gone already is fine. */
export function killTree(rootPid: number): void {
  for (const { pid } of processTree(rootPid)) killProcess(pid);
}

/** Ends one process at once; one that is gone already, or that is a set-uid helper and not ours, is left alone. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/**
 * One pass over all processes, since a child is listed under the thread that forked it and a browser has
 * hundreds. It does not wait: while a page is measured it may take a millisecond of the machine, not more.
 */
function lookAtTree(rootPid: number): ProcessLook[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => lookAt(name) ?? []);
  const children = Map.groupBy(all, ({ parentPid }) => parentPid);
  const tree = all.filter(({ pid }) => pid === rootPid);
  for (const one of tree) tree.push(...(children.get(one.pid) ?? []));
  return tree;
}

/** The name of the program stands in parentheses and may hold anything: the fields begin behind the last one. */
function lookAt(name: string): ProcessLook | null {
  const stat = readSmall(`/proc/${name}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system, begun = '', pages] = [1, 11, 12, 19, 21].map((at) => fields[at]);
  return {
    pid: Number(name),
    parentPid: Number(parent),
    residentBytes: Number(pages) * PAGE_BYTES,
    cpuMs: (Number(user) + Number(system)) * TICK_MS,
    begun,
  };
}

/** Reading a file whole would make half a megabyte of room for it, since the kernel does not tell its size. */
const room = Buffer.allocUnsafe(4096);

function readSmall(path: string): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return room.toString('latin1', 0, readSync(file, room));
  } catch {
    // It ended meanwhile.
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
