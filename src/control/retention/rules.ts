/** How many days each kind of row is kept; what the database itself keeps is never less (see its functions). */
export type Retention = { eventDays: number; stepDays: number; spendDays: number };

/** The retention as the settings give it. */
export function retentionOf(settings: {
  AGOS_KEEP_EVENTS_DAYS: number;
  AGOS_KEEP_STEPS_DAYS: number;
  AGOS_KEEP_SPEND_DAYS: number;
}): Retention {
  return {
    eventDays: settings.AGOS_KEEP_EVENTS_DAYS,
    stepDays: settings.AGOS_KEEP_STEPS_DAYS,
    spendDays: settings.AGOS_KEEP_SPEND_DAYS,
  };
}

const DAY_MS = 86_400_000;

/** The moment so many days before another. */
export const daysBefore = (now: Date, days: number): Date => new Date(now.getTime() - days * DAY_MS);
