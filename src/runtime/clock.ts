/** The process's time source, injected so that tests choose the year. */
export type Clock = { now(): Date };

export const systemClock: Clock = { now: () => new Date() };
