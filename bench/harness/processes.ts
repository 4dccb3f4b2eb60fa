import { readdir, readFile } from 'node:fs/promises';

const PAGE_BYTES = 4_096;
/** Linux counts in hundredths of a second, on every machine. */
const TICK_SECONDS = 0.01;

/** One process at one moment; its name is no later process's. */
export type ProcessLook = {
  name: string;
  /** CPU seconds of its own, and of the children that it has seen end. */
  ownCpu: number;
  endedChildrenCpu: number;
  /** Memory that is its own: neither the program's text nor shared with another process. */
  ownMb: number;
};

/** Looks at processes and everything below them; those that end meanwhile are left out. */
export async function lookAtTrees(roots: readonly number[]): Promise<ProcessLook[]> {
  const found = await Promise.all([...new Set(roots)].map(lookBelow));
  return [...new Map(found.flat().map((one) => [one.name, one])).values()];
}

async function lookBelow(pid: number): Promise<ProcessLook[]> {
  const [own, children] = await Promise.all([look(pid), childrenOf(pid)]);
  const below = await Promise.all(children.map(lookBelow));
  return [...(own ? [own] : []), ...below.flat()];
}

/** The name of the program stands in parentheses and may hold anything: the fields begin behind the last one. */
async function look(pid: number): Promise<ProcessLook | null> {
  const [stat, statm] = await Promise.all(
    ['stat', 'statm'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => null)),
  );
  if (!stat || !statm) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (...at: number[]): number =>
    at.reduce((sum, index) => sum + Number(fields[index]), 0) * TICK_SECONDS;
  const [, resident = '0', shared = '0'] = statm.split(' ');
  return {
    name: `${pid}@${fields[19]}`,
    ownCpu: seconds(11, 12),
    endedChildrenCpu: seconds(13, 14),
    ownMb: ((Number(resident) - Number(shared)) * PAGE_BYTES) / 1024 ** 2,
  };
}

/** A child belongs to the thread that forked it, so every thread is asked. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

/** Processes below this one whose command line holds a text. */
export async function descendantsRunning(text: string): Promise<number[]> {
  const found: number[] = [];
  const visit = async (pid: number): Promise<void> => {
    for (const child of await childrenOf(pid)) {
      const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
      if (command.replaceAll('\0', ' ').includes(text)) found.push(child);
      else await visit(child);
    }
  };
  await visit(process.pid);
  return found;
}
