import { readdir, readFile } from 'node:fs/promises';

const PAGE_BYTES = 4096;

export type ProcessMemory = { pid: number; residentBytes: number };

/** Lists a process and everything below it with its resident memory; processes that end meanwhile are left out. */
export async function processTree(rootPid: number): Promise<ProcessMemory[]> {
  const [memory, children] = await Promise.all([residentBytes(rootPid), childrenOf(rootPid)]);
  const below = await Promise.all(children.map(processTree));
  const own = memory === null ? [] : [{ pid: rootPid, residentBytes: memory }];
  return [...own, ...below.flat()];
}

/** CPU time so far of a process and of everything below it, each named by its id and the moment it began. */
export async function processTimes(rootPid: number): Promise<{ process: string; cpuMs: number }[]> {
  const [own, children] = await Promise.all([processTime(rootPid), childrenOf(rootPid)]);
  const below = await Promise.all(children.map(processTimes));
  return [...(own ? [own] : []), ...below.flat()];
}

/** Ends a process and everything below it at once; one that is gone already is fine. */
export async function killTree(rootPid: number): Promise<void> {
  for (const { pid } of await processTree(rootPid)) killProcess(pid);
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

/** Linux counts in hundredths of a second, on every machine. */
const TICK_MS = 10;

/** The name of the program stands in parentheses and may hold anything: the fields begin behind the last one. */
async function processTime(pid: number): Promise<{ process: string; cpuMs: number } | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system, begun] = [fields[11], fields[12], fields[19]];
  return { process: `${pid}@${begun}`, cpuMs: (Number(user) + Number(system)) * TICK_MS };
}

async function residentBytes(pid: number): Promise<number | null> {
  const statm = await readFile(`/proc/${pid}/statm`, 'utf8').catch(() => null);
  return statm === null ? null : Number(statm.split(' ')[1]) * PAGE_BYTES;
}

/** A child belongs to the thread that forked it, so every thread is asked. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
