/** Kinds of decisions that can wait for a person, with the outcomes each allows. */
export const APPROVAL_KINDS = { triage_score: ['qualified', 'disqualified'] } as const;

export type ApprovalKind = keyof typeof APPROVAL_KINDS;
export type ApprovalOutcome = (typeof APPROVAL_KINDS)[ApprovalKind][number];

/** `expired` took the default; `withdrawn` means that the run ended before anyone decided. */
export const APPROVAL_STATUSES = ['open', 'decided', 'expired', 'withdrawn'] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];

/** Whether `outcome` is one that this kind of approval allows. */
export function allowsOutcome(kind: ApprovalKind, outcome: string): outcome is ApprovalOutcome {
  return (APPROVAL_KINDS[kind] as readonly string[]).includes(outcome);
}
