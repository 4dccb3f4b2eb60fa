import { sleep } from '@temporalio/workflow';
import { failureTypeOf, findFailure } from './failures.ts';
import { plainText } from './plain-text.ts';
import { setStatus } from './set-status.ts';

/** Why a run pauses, and until when at the latest. */
export type Pause = { code: 'budget_exceeded'; until: string };

/** What a step's refusal says: when the budget is whole again, and when it is worth asking before that. */
type Refusal = { available_at: string; look_again_ms: number };

/**
 * Runs a step that costs money. While the budget has no room for it the run pauses, with everything that was
 * done before, and asks again: on the next day at the latest, and earlier because a cap may be raised.
 */
export async function whenAffordable<T>(
  step: () => Promise<T>,
  shows: { paused(pause: Pause): void; resumed(): void },
): Promise<T> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      const failure = findFailure(error);
      if (failure?.type !== failureTypeOf('budget_exceeded')) throw error;
      const { available_at: until, look_again_ms: lookAgainMs } = failure.details[0] as Refusal;
      shows.paused({ code: 'budget_exceeded', until });
      setStatus('paused:budget_exceeded', `Paused: \`budget_exceeded\`. ${plainText(failure.message)}`);
      await sleep(lookAgainMs);
      shows.resumed();
      setStatus('started', '');
    }
  }
}
