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

/** A look that the database has not answered by then is overtaken by the next one, over another connection. */
const OVERTAKEN_AFTER_MS = 500;

/**
 * Looks at the switches and at the stop file for as long as a step is at work here, and tells those that are
 * to stop. The two looks do not wait for each other: a database that hangs must not hide the file.
 */
export function createStopWatch(deps: { db: Database; stopFile: StopFile }): StopWatch {
  const steps = new Set<WatchedStep>();
  let timer: NodeJS.Timeout | undefined;
  // A step that begins after a look has begun has read the switches later than that look did.
  const tell = (known: readonly WatchedStep[], stopOf: (tenant: string) => Stop | null | undefined): void => {
    for (const step of known) {
      const stop = stopOf(step.tenant);
      if (stop && steps.has(step)) step.onStop(stop);
    }
  };
  const looks = [
    oneAtATime(async () => {
      const known = [...steps];
      const { everybody, tenants } = await findStopsInForce(deps.db);
      tell(known, (tenant) => everybody ?? tenants.get(tenant));
    }, OVERTAKEN_AFTER_MS),
    oneAtATime(async () => {
      const known = [...steps];
      const stop = await deps.stopFile.read();
      tell(known, () => stop);
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

/**
 * A look that fails is made up for by the next one; steps that begin meanwhile hear of the failure themselves.
 * One that is not back in time stands in no other's way, and still counts when it comes.
 */
function oneAtATime(work: () => Promise<void>, overtakenAfterMs = Number.POSITIVE_INFINITY): () => void {
  let latest: { sinceMs: number } | undefined;
  return () => {
    if (latest && performance.now() - latest.sinceMs < overtakenAfterMs) return;
    const look = { sinceMs: performance.now() };
    latest = look;
    void work()
      .catch(() => undefined)
      .finally(() => {
        if (latest === look) latest = undefined;
      });
  };
}
