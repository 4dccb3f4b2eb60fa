import type { Decision } from './rules.ts';

/** How a decision came about, with what the person who made it gave as the reason. */
export type Decided = {
  decision: Decision;
  decidedBy: 'score' | 'person' | 'expiry';
  reason: string | null;
};

/** The score's reasons with who decided, and why, in front: the score alone may speak against what was decided. */
export function decidedReasons(reasons: readonly string[], end: Decided): string[] {
  const sentence = decisionSentence(end);
  // A repeated attempt finds its own sentence there already.
  return sentence === null || reasons[0] === sentence ? [...reasons] : [sentence, ...reasons];
}

function decisionSentence({ decision, decidedBy, reason }: Decided): string | null {
  if (decidedBy === 'score') return null;
  if (decidedBy === 'expiry') return 'Nobody decided in time, so the side the score fell on counts.';
  const words = { qualified: 'qualified', disqualified: 'not qualified' }[decision];
  return `Decided by a person: ${words}.${reason ? ` ${reason}` : ''}`;
}
