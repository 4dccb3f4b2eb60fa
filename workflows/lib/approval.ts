import { CancellationScope, CancelledFailure, condition, isCancellation, log } from '@temporalio/workflow';
import { refusal } from './refuse.ts';

/** What a person sends to decide. */
export type DecisionRequest<Outcome extends string> = { outcome: Outcome; reason?: string; ticket?: string };

/** One decision as it goes to be recorded: by whom it is, the recording activity finds out from the ticket. */
export type Decision<Outcome extends string> = {
  outcome: Outcome;
  reason: string | null;
  ticket: string | null;
  via: 'update' | 'signal' | 'expiry';
};

export type ApprovalOptions<Outcome extends string, Recorded> = {
  allowed: readonly Outcome[];
  /** Writes the decision and answers with what callers get; may refuse it, and the wait goes on. */
  record: (decision: Decision<Outcome>) => Promise<Recorded>;
};

export type Approval<Outcome extends string, Recorded> = {
  /** The update's validator: pure and synchronous, it refuses what cannot count. */
  validate: (request: DecisionRequest<Outcome>) => void;
  /** The update's handler: answers once the decision is recorded, or with the reason why it did not count. */
  decide: (request: DecisionRequest<Outcome>) => Promise<Recorded>;
  /** The signal's handler, for plain clients and the Web UI; what cannot count is dropped with a log line. */
  signal: (request: DecisionRequest<Outcome>) => Promise<void>;
  /** Asks for the wait to open: a decision that comes while `ask` makes it known is kept until it has. */
  opening: <Asked>(ask: () => Promise<Asked>) => Promise<Asked>;
  /** Says that nobody is asked after all. */
  close: () => void;
  /** Opens the wait and ends with the one final decision, the default one after `expiryMs`. */
  decision: (wait: {
    expiryMs: number;
    defaultOutcome: Outcome;
  }) => Promise<{ decision: Decision<Outcome>; recorded: Recorded }>;
};

/**
 * A wait for a person. Decisions that race are recorded one after the other, so that the first one
 * recorded is final and every other one learns `already_decided`.
 */
export function createApproval<Outcome extends string, Recorded>(
  options: ApprovalOptions<Outcome, Recorded>,
): Approval<Outcome, Recorded> {
  let phase: 'closed' | 'opening' | 'open' | 'decided' = 'closed';
  let final: { decision: Decision<Outcome>; recorded: Recorded } | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const refuseUnlessOpen = (): void => {
    if (phase === 'decided')
      throw refusal('already_decided', 'Somebody or the expiry has already decided this.');
    if (phase === 'closed') throw refusal('not_awaiting', 'Nothing is waiting for a decision here.');
  };
  const validate = (request: DecisionRequest<Outcome>): void => {
    refuseUnlessOpen();
    if (!options.allowed.includes(request?.outcome)) {
      throw refusal('decision_not_allowed', `The outcome must be one of: ${options.allowed.join(', ')}.`);
    }
  };
  const settle = (decision: Decision<Outcome>): Promise<Recorded> => {
    const turn = queue.then(async () => {
      await condition(() => phase !== 'opening');
      refuseUnlessOpen();
      const recorded = await options.record(decision);
      final = { decision, recorded };
      phase = 'decided';
      return recorded;
    });
    queue = turn.catch(() => undefined);
    return turn;
  };

  const close = (): void => {
    if (phase !== 'decided') phase = 'closed';
  };

  return {
    validate,
    decide: (request) => settle(toDecision(request, 'update')),
    signal: async (request) => {
      try {
        validate(request);
        await settle(toDecision(request, 'signal'));
      } catch (error) {
        log.warn('a decision by signal did not count', { reason: String(error) });
      }
    },
    opening: async (ask) => {
      phase = 'opening';
      try {
        return await ask();
      } catch (error) {
        close();
        throw error;
      }
    },
    close,
    decision: async ({ expiryMs, defaultOutcome }) => {
      phase = 'open';
      try {
        const decided = await condition(() => final !== undefined, expiryMs);
        if (!decided) await settle(byExpiry(defaultOutcome)).catch(unlessDecided(() => final !== undefined));
      } catch (error) {
        close();
        if (!isCancellation(error)) throw error;
        // A decision that is just being recorded is final: it wins over the cancellation.
        await CancellationScope.nonCancellable(() => queue);
        if (final === undefined) throw error;
      }
      if (final === undefined) throw new CancelledFailure('The wait for a decision was cancelled.');
      return final;
    },
  };
}

function toDecision<Outcome extends string>(
  request: DecisionRequest<Outcome>,
  via: 'update' | 'signal',
): Decision<Outcome> {
  return { outcome: request.outcome, reason: request.reason ?? null, ticket: request.ticket ?? null, via };
}

function byExpiry<Outcome extends string>(outcome: Outcome): Decision<Outcome> {
  return { outcome, reason: null, ticket: null, via: 'expiry' };
}

/** The expiry may lose against a person who decided in the same instant; that is no error. */
function unlessDecided(isDecided: () => boolean): (error: unknown) => void {
  return (error) => {
    if (!isDecided()) throw error;
  };
}
