import { type Bucket, drained, type Rate, REQUEST_PARTS, roomOf } from './rules.ts';

/** So many senders are remembered; then the one that was heard of longest ago is forgotten. */
const MOST_SENDERS = 10_000;

/**
 * Counts requests of senders in this process alone, where the database shall not be asked. Takes a clock in
 * milliseconds that never goes back.
 */
export function createLocalCounter(
  rate: Rate,
  nowMs: () => number,
): (sender: string) => { granted: boolean; used: number } {
  const buckets = new Map<string, Bucket>();
  return (sender) => {
    const bucket = drained(buckets.get(sender) ?? { used: 0, atMs: nowMs() }, rate, nowMs());
    const granted = roomOf(bucket.used, rate).remaining > 0;
    const used = bucket.used + (granted ? REQUEST_PARTS : 0);
    buckets.delete(sender);
    buckets.set(sender, { ...bucket, used });
    if (buckets.size > MOST_SENDERS) buckets.delete(buckets.keys().next().value!);
    return { granted, used };
  };
}
