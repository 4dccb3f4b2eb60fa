import { patched, sleep } from '@temporalio/workflow';
import { pauseBeforeLook } from './budget-pause.ts';
import { failureTypeOf, findFailure } from './failures.ts';
import { plainText } from './plain-text.ts';
import { setStatus } from './set-status.ts';

/** Why a run pauses, and until when at the latest. */
export type Pause = { code: 'budget_exceeded'; until: string };

/** What a step's refusal says: when the budget is whole again, when to ask before that, and for how long in all. */
type Refusal = { available_at: string; look_again_ms: number; give_up_after_ms?: number };

/**
 * Runs a step that costs money. While the budget has no room for it the run pauses, with everything that was
 * done before, and asks again: on the next day at the latest, and earlier because a cap may be raised. A step
 * that no day has had room for at last fails with `budget_exceeded`: a pause without end helps nobody.
 */
export async function whenAffordable<T>(
  step: () => Promise<T>,
  shows: { paused(pause: Pause): void; resumed(): void },
): Promise<T> {
  const beganMs = Date.now();
  for (let looks = 0; ; looks += 1) {
    try {
      return await step();
    } catch (error) {
      const failure = findFailure(error);
      if (failure?.type !== failureTypeOf('budget_exceeded')) throw error;
      const refusal = failure.details[0] as Refusal;
      const isLast = Date.now() - beganMs > (refusal.give_up_after_ms ?? Number.POSITIVE_INFINITY);
      if (isLast && patched('give-up-on-the-budget')) throw error;
      shows.paused({ code: 'budget_exceeded', until: refusal.available_at });
      setStatus('paused:budget_exceeded', `Paused: \`budget_exceeded\`. ${plainText(failure.message)}`);
      await sleep(pauseBeforeLook(refusal, { looks, nowMs: Date.now() }));
      shows.resumed();
      setStatus('started', '');
    }
  }
}
