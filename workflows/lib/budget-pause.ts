/** A pause of weeks is a few hundred looks long: each writes a dozen events into a history that has an end. */
const SLOWEST_LOOKS = 12;

/**
 * How long a run that was refused waits before it asks again, in milliseconds: each time twice as long as before,
 * up to twelve times the first wait, and never longer than until the budget is whole again.
 */
export function pauseBeforeLook(
  refusal: { available_at: string; look_again_ms: number },
  { looks, nowMs }: { looks: number; nowMs: number },
): number {
  const waitMs = refusal.look_again_ms * Math.min(2 ** looks, SLOWEST_LOOKS);
  const untilWholeMs = Math.max(refusal.look_again_ms, Date.parse(refusal.available_at) - nowMs);
  return Math.min(waitMs, untilWholeMs);
}
