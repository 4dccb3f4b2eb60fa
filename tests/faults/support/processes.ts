import { readdirSync, readFileSync } from 'node:fs';

export type Process = { pid: number; parent: number; state: string; command: string };

/** Every process below this one, children before grandchildren. */
export function descendantsOf(pid: number): Process[] {
  const all = listProcesses();
  const found: Process[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    const children = all.filter(({ parent }) => parents.includes(parent));
    found.push(...children);
    parents = children.map((child) => child.pid);
  }
  return found;
}

/** Whether a process is there and more than a zombie. */
export function isAlive(pid: number): boolean {
  const found = readProcess(String(pid));
  return found !== null && found.state !== 'Z';
}

/** SIGKILL, to a process that may have ended. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has.
  }
}

/** How much memory a process holds; 0 when it has ended. */
export function residentMb(pid: number): number {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4_096) / 1e6;
  } catch {
    return 0;
  }
}

function listProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(name) ?? []);
}

function readProcess(pid: string): Process | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return { pid: Number(pid), parent: Number(parent), state, command };
  } catch {
    return null; // It ended while we looked.
  }
}
