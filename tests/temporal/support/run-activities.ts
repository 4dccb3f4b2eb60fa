import { claimRun, endRun } from '../../../src/journal/runs/repository.ts';
import { systemScope } from '../../../src/kernel/actor.ts';
import type { Database } from '../../../src/runtime/database/database.ts';
import { temporalRun } from '../../../temporal/temporal-run.ts';

type RunInput = { tenant: string; run_id: string };

/** What a room's first and last activity do to its run. */
export function createRunTestActivities(db: Database) {
  const inTenant = <T>(input: RunInput, fn: Parameters<typeof db.withTenant<T>>[1]) =>
    db.withTenant(systemScope(input.tenant, input.tenant), fn);
  return {
    claim: async (input: RunInput, firstRunId: string): Promise<boolean> => {
      const claim = { tenant: input.tenant, id: input.run_id, ...temporalRun(firstRunId), now: new Date() };
      return (await inTenant(input, (tx) => claimRun(tx, claim))) !== null;
    },
    finish: async (input: RunInput): Promise<void> => {
      const end = { status: 'completed', code: null, message: null } as const;
      await inTenant(input, (tx) =>
        endRun(tx, { tenant: input.tenant, id: input.run_id, ...end, now: new Date() }),
      );
    },
  };
}

export type RunTestActivities = ReturnType<typeof createRunTestActivities>;
