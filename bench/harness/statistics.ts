/** Middle value of a list; the mean of the two middle ones when there are two; NaN of an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** The smallest value below or at which `share` (0 to 1) of the values lie; NaN of an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export type Interval = { low: number; high: number };

const RESAMPLES = 10_000;

/** The 95 % interval of the median by bootstrap: the same for the same values and seed. */
export function bootstrapInterval(values: readonly number[], seed: number): Interval {
  const random = seeded(seed);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN)),
  );
  return { low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/** Numbers from 0 to below 1 that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What a ratio has to be: at most, or at least so much. */
export type Target = { most: number } | { least: number };

export type Verdict = 'met' | 'missed' | 'undecided';

/** Met or missed only when the whole interval lies on one side of the target. */
export function judge({ low, high }: Interval, target: Target): Verdict {
  const [best, worst, bar] = 'most' in target ? [low, high, target.most] : [-high, -low, -target.least];
  if (worst <= bar) return 'met';
  return best > bar ? 'missed' : 'undecided';
}

/** Whether the same program on both sides looks the same: 1 lies in the interval, which is narrower than 5 % each way. */
export function isSoundControl({ low, high }: Interval): boolean {
  return low <= 1 && high >= 1 && low > 0.95 && high < 1.05;
}

/** Which side goes first in each pair: ABBA, so that neither has the warmer machine. */
export function pairOrders(pairs: number): ('AB' | 'BA')[] {
  return Array.from({ length: pairs }, (_, index) => (index % 2 === 0 ? 'AB' : 'BA'));
}
