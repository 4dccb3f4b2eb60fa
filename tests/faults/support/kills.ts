import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../support/random.ts';
import type { Part } from './platform.ts';

/** When a part is killed, counted from the kill before, and how long it is away. */
export type Kill = { part: string; afterMs: number; downMs: number };

const AFTER_MS = { least: 600, most: 3_500 };
const DOWN_MS = 2_500;

/** The same kills for the same seed: every part once, in any order, then any. */
export function killsOf(seed: number, parts: readonly string[], count: number): Kill[] {
  const random = createRandom(seed);
  const shuffled = parts
    .map((part) => ({ part, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ part }) => part);
  return Array.from({ length: count }, (_, index) => ({
    part: shuffled[index] ?? parts[Math.floor(random() * parts.length)]!,
    afterMs: Math.round(AFTER_MS.least + random() * (AFTER_MS.most - AFTER_MS.least)),
    downMs: Math.round(random() * DOWN_MS),
  }));
}

/** Kills and starts again as scheduled, while other parts are still coming back; `signal` ends it early. */
export async function killAll(
  kills: readonly Kill[],
  parts: readonly Part[],
  signal: AbortSignal,
): Promise<void> {
  const coming = new Map<string, Promise<void>>();
  for (const { part: name, afterMs, downMs } of kills) {
    await sleep(afterMs);
    if (signal.aborted) break;
    const part = parts.find((one) => one.name === name)!;
    // On a busy machine a start takes longer than the pause between two kills: nothing would ever be there.
    await coming.get(name);
    await part.kill();
    const back = sleep(downMs).then(() => startAsSupervisor(part));
    // It is waited for at the next kill of this part, or at the end.
    back.catch(() => undefined);
    coming.set(name, back);
  }
  await Promise.all(coming.values());
}

/** What does not come up is started again, and that it did not is told. */
async function startAsSupervisor(part: Part): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await part.start();
    } catch (error) {
      if (attempt === 3) throw error;
      console.log(`${part.name} did not come up: ${(error as Error).message}`);
    }
  }
}
