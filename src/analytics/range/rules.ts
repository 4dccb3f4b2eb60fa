/** Days from `from` to `to`, both included, in UTC, and the moments between which they lie. */
export type Range = { from: string; to: string; startsAt: Date; endsAt: Date };

export const MAX_DAYS = 366;
export const USUAL_DAYS = 30;

const DAY_MS = 86_400_000;

/** The range of two days, `YYYY-MM-DD`. */
export function rangeOf(from: string, to: string): Range {
  return { from, to, startsAt: new Date(from), endsAt: new Date(Date.parse(to) + DAY_MS) };
}

/** How many days a range has; none or fewer when it ends before it begins. */
export function dayCount({ startsAt, endsAt }: Range): number {
  return (endsAt.getTime() - startsAt.getTime()) / DAY_MS;
}

/** Each day of a range. */
export function daysOf(range: Range): string[] {
  return Array.from({ length: dayCount(range) }, (_, index) => dayAfter(range.from, index));
}

/** The day so many days after another, or before it. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** A part of a whole, from 0 to 1 with four places; null of nothing. */
export function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}

/** The rounded mean; null of nothing. */
export function meanOf(sum: number, count: number): number | null {
  return count === 0 ? null : Math.round(sum / count);
}
