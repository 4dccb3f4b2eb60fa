import { type ForgetDeps, forgetOld } from '../../src/control/retention/forget-old.ts';
import type { ForgetOldResult } from '../../workflows/control/forget-old/messages.ts';

/** Activities of the Schedule that removes what is older than it is kept. */
export function createRetentionActivities(deps: ForgetDeps) {
  return {
    removeOldRows: (): Promise<ForgetOldResult> => forgetOld(deps),
  };
}

export type RetentionActivities = ReturnType<typeof createRetentionActivities>;
