import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import { proxyProfile } from '../../../workflows/lib/activity-profiles.ts';
import { createApproval, type DecisionRequest } from '../../../workflows/lib/approval.ts';
import { findFailure, siteHoldOf } from '../../../workflows/lib/failures.ts';
import { setStatus } from '../../../workflows/lib/set-status.ts';
import type { TestActivities } from './activities.ts';

type Side = 'yes' | 'no';

/** Waits for a decision as rooms do; `record` decides what a recording refuses. */
export async function decided(input: {
  expiry_ms: number;
}): Promise<{ outcome: Side; via: string; result: string }> {
  const { recordDecision } = proxyProfile<TestActivities>('core', 'Record the decision');
  const approval = createApproval<Side, string>({
    allowed: ['yes', 'no'],
    record: ({ outcome, via, ticket }) => recordDecision({ outcome, via, ticket }),
  });
  const scope = new CancellationScope();
  let open = false;
  setHandler(defineSignal('cancel'), () => scope.cancel());
  setHandler(defineSignal('open'), () => {
    open = true;
  });
  setHandler(defineQuery<boolean>('open'), () => open);
  setHandler(defineUpdate<string, [DecisionRequest<Side>]>('decide'), approval.decide, {
    validator: approval.validate,
  });
  setHandler(defineSignal<[DecisionRequest<Side>]>('decide_signal'), approval.signal);
  await condition(() => open);
  setStatus('awaiting', 'A person decides.');
  try {
    const { decision, recorded } = await scope.run(() =>
      approval.decision({ expiryMs: input.expiry_ms, defaultOutcome: 'no' }),
    );
    return { outcome: decision.outcome, via: decision.via, result: recorded };
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return { outcome: 'no', via: 'cancelled', result: '' };
  }
}

/** Calls one test activity and tells which failure it met, or its hold. */
export async function failing(input: { how: string; secret?: string }): Promise<unknown> {
  const { failAs } = proxyActivities<TestActivities>({
    taskQueue: 'core',
    startToCloseTimeout: '10s',
    retry: { initialInterval: '20ms', backoffCoefficient: 1 },
  });
  try {
    return await failAs(input);
  } catch (error) {
    return siteHoldOf(error) ?? findFailure(error);
  }
}

/** Carries a secret through argument, activity and failure, and then fails with it. */
export async function leaking(input: { secret: string }): Promise<never> {
  const { echo } = proxyProfile<TestActivities>('core', `Echo ${input.secret}`);
  const said = await echo(input.secret);
  throw ApplicationFailure.nonRetryable(`it said ${said}`, 'agos.internal_error', { said });
}

/** Stays open until it is told to end. */
export async function lasting(): Promise<string> {
  let ended = false;
  setHandler(defineSignal('end'), () => {
    ended = true;
  });
  setHandler(defineQuery<string>('progress'), () => 'lasting');
  await condition(() => ended);
  return 'ended';
}

/** One activity that heartbeats for a while; tells how it ended. */
export async function beating(input: { work_ms: number; ignore?: boolean }): Promise<string> {
  const { beat } = proxyProfile<TestActivities>('fetch', 'Beat');
  return beat(input);
}
