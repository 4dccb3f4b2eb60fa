import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OwnedProcess, tailOf } from '../../src/stack/owned.ts';
import { type Compose, startedBefore } from './compose-file.ts';
import { initialise, isHealthy, launch, logOf, type Machine, runOnce } from './machine.ts';

/** Whatever the check says: this machine may build and test beside it. */
const HEALTHY_WITHIN_MS = 240_000;

export type Topology = ReturnType<typeof createTopology>;

/** Starts the services of the compose file as processes: same commands, variables, order and health checks. */
export function createTopology(machine: Machine) {
  const { compose } = machine;
  const running = new Map<string, OwnedProcess>();
  const done = new Set<string>();
  const order: string[] = [];

  function failed(name: string, outcome: string): Error {
    return new Error(`${name}: ${outcome}\n${tailOf(logOf(machine, name), 15)}`);
  }

  async function untilHealthy(name: string, child: OwnedProcess): Promise<void> {
    const deadlineMs = Date.now() + HEALTHY_WITHIN_MS;
    while (!(await isHealthy(machine, name))) {
      if (child.hasExited()) throw failed(name, await child.exited);
      if (Date.now() > deadlineMs) throw failed(name, 'is not healthy');
      await sleep(500);
    }
  }

  async function start(name: string, more?: Record<string, string>): Promise<void> {
    const child = await launch(machine, name, more);
    order.push(name);
    if (compose.services[name]!.restart !== 'unless-stopped') {
      const outcome = await child.exited;
      if (outcome !== 'exit code 0') throw failed(name, outcome);
      done.add(name);
      return;
    }
    running.set(name, child);
    await untilHealthy(name, child);
    if (name === 'postgres' && !done.has('init')) {
      await initialise(machine);
      done.add('init');
    }
  }

  return {
    /** Starts services after all that they wait for; `more` are variables of those named. */
    up: async (names: string[], more: Record<string, string> = {}): Promise<void> => {
      await mkdir(join(machine.place.base, 'logs'), { recursive: true });
      for (const name of names) {
        for (const one of [...waitedFor(compose, name), name]) {
          if (!running.has(one) && !done.has(one)) await start(one, one === name ? more : {});
        }
      }
    },
    /** Ends services as Compose does, those first that were started last; answers with how each ended. */
    stop: async (names: string[] = [...running.keys()].reverse()): Promise<Record<string, string>> => {
      const ends: Record<string, string> = {};
      for (const name of names) {
        const child = running.get(name);
        if (!child) continue;
        await child.stop();
        ends[name] = await child.exited;
        running.delete(name);
      }
      return ends;
    },
    isHealthy: (name: string) => isHealthy(machine, name),
    run: (name: string, command: string[]) => runOnce(machine, name, command),
    /** In the order in which they were started. */
    started: (): readonly string[] => order,
    log: (name: string): string => tailOf(logOf(machine, name), 10_000),
    pid: (name: string): number => running.get(name)!.pid,
    /** Lets one-shot services run again, as the next `docker compose up` does. */
    forgetDone: () => {
      for (const name of [...done]) if (name !== 'init') done.delete(name);
    },
  };
}

/** What a service waits for, those first that wait for nothing. */
function waitedFor(compose: Compose, name: string): string[] {
  const before = (one: string): number => startedBefore(compose, one).size;
  return [...startedBefore(compose, name)].sort((one, other) => before(one) - before(other));
}
