import type { Database } from '../../runtime/database/database.ts';
import { findStopsInForce } from './repository.ts';
import type { Stop } from './rules.ts';
import type { StopFile } from './stop-file.ts';

/** A step that is at work in this process. */
export type WatchedStep = { tenant: string; onStop(stop: Stop): void };

export type StopWatch = {
  /** Watches over a step until the returned function is called. */
  watch(step: WatchedStep): () => void;
};

/** A tenth of the second in which everything has to be stopped: the rest is for a busy machine to get there. */
const LOOK_EVERY_MS = 100;

/**
 * Looks at the switches and at the stop file for as long as a step is at work here, and tells those that are
 * to stop. The two looks do not wait for each other: a database that hangs must not hide the file.
 */
export function createStopWatch(deps: { db: Database; stopFile: StopFile }): StopWatch {
  const steps = new Set<WatchedStep>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (stopOf: (tenant: string) => Stop | null | undefined): void => {
    for (const step of steps) {
      const stop = stopOf(step.tenant);
      if (stop) step.onStop(stop);
    }
  };
  const looks = [
    oneAtATime(async () => {
      const { everybody, tenants } = await findStopsInForce(deps.db);
      tell((tenant) => everybody ?? tenants.get(tenant));
    }),
    oneAtATime(async () => {
      const stop = await deps.stopFile.read();
      tell(() => stop);
    }),
  ];
  const look = (): void => {
    for (const one of looks) one();
  };
  return {
    watch(step) {
      steps.add(step);
      timer ??= setInterval(look, LOOK_EVERY_MS);
      return () => {
        steps.delete(step);
        if (steps.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

/** A look that fails is made up for by the next one; steps that begin meanwhile hear of the failure themselves. */
function oneAtATime(work: () => Promise<void>): () => void {
  let running = false;
  return () => {
    if (running) return;
    running = true;
    void work()
      .catch(() => undefined)
      .finally(() => {
        running = false;
      });
  };
}
