import { type Bucket, drained, REQUEST_PARTS, roomOf, STRANGER_RATE } from './rules.ts';

/** So many addresses are remembered; then the one that was heard of longest ago is forgotten. */
const MOST_ADDRESSES = 10_000;

/**
 * Counts attempts without valid credentials, by address, in this process alone: whom nobody knows may not
 * make the database write. Takes a clock in milliseconds that never goes back.
 */
export function createStrangerCounter(nowMs: () => number): (address: string) => {
  granted: boolean;
  used: number;
} {
  const buckets = new Map<string, Bucket>();
  return (address) => {
    const bucket = drained(buckets.get(address) ?? { used: 0, atMs: nowMs() }, STRANGER_RATE, nowMs());
    const granted = roomOf(bucket.used, STRANGER_RATE).remaining > 0;
    const used = bucket.used + (granted ? REQUEST_PARTS : 0);
    buckets.delete(address);
    buckets.set(address, { ...bucket, used });
    if (buckets.size > MOST_ADDRESSES) buckets.delete(buckets.keys().next().value!);
    return { granted, used };
  };
}
