/** The rooms of the funnel, in order (`product`: one funnel). */
export const ROOMS = ['triage', 'architect', 'discovery', 'guardian'] as const;
export type Room = (typeof ROOMS)[number];
