import { quantile } from '../harness/statistics.ts';

/** Runs `work` so many times, some at once, and tells how long each took. */
export async function closedLoop(
  { runs, atOnce }: { runs: number; atOnce: number },
  work: (index: number) => Promise<void>,
): Promise<{ p50_ms: number; p95_ms: number; per_s: number }> {
  const took: number[] = [];
  const startedMs = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < runs) {
      const index = next;
      next += 1;
      const began = performance.now();
      await work(index);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  const seconds = (performance.now() - startedMs) / 1000;
  return { p50_ms: quantile(took, 0.5), p95_ms: quantile(took, 0.95), per_s: runs / seconds };
}
