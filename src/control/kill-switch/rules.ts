/** Whose work a kill switch stops: one tenant's, everybody's, or that of one machine by its stop file. */
export const STOP_REACHES = ['tenant', 'global', 'machine'] as const;
export type StopReach = (typeof STOP_REACHES)[number];

/** A kill switch that is on: whose work it stops, since when and why. */
export type Stop = { reach: StopReach; reason: string; since: Date };

const WHOSE: Record<StopReach, string> = {
  tenant: 'The kill switch of this tenant',
  global: 'The global kill switch',
  machine: 'The stop file of this machine',
};

/** What everybody is told whose work is refused or stopped. */
export function stopSentence({ reach, reason, since }: Stop): string {
  const moment = `${since.toISOString().slice(0, 19)}Z`;
  return `${WHOSE[reach]} has been on since ${moment}: ${reason} Nothing starts until somebody turns it off.`;
}

/** How an attempt of a step ended; `lost` is one whose worker never said so. */
export const STEP_OUTCOMES = ['done', 'failed', 'stopped', 'lost'] as const;
export type StepOutcome = (typeof STEP_OUTCOMES)[number];
