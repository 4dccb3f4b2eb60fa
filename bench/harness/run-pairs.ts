import type { Progress } from '../../src/stack/progress.ts';
import type { Lane, Measured, Pair, Side } from './benchmark.ts';
import { metricOf } from './judge-lane.ts';
import { metered, observed } from './meter.ts';
import { pairOrders } from './statistics.ts';

/** Above this share of stolen CPU time a pair says more about the neighbours than about the programs. */
const MAX_STEAL = 0.02;

/** Measures a lane pair by pair. */
export async function runPairs(
  lane: Lane,
  options: { pairs: number; progress: Progress; signal: AbortSignal },
): Promise<Pair[]> {
  const { progress, signal } = options;
  const done: Pair[] = [];
  for (const [index, order] of pairOrders(options.pairs).entries()) {
    const { result, around } = await observed(async () => {
      const sides = order === 'AB' ? [lane.peer, lane.ours] : [lane.ours, lane.peer];
      const measured: Measured[] = [];
      for (const side of sides) {
        signal.throwIfAborted();
        progress.working(`${lane.id}: pair ${index + 1}/${options.pairs}, ${side.name}`);
        measured.push(await runSide(side));
      }
      return order === 'AB' ? measured : measured.toReversed();
    });
    const [peer, own] = result as [Measured, Measured];
    const dropped = index === 0 ? 'first' : around.steal > MAX_STEAL ? 'steal' : null;
    done.push({ order, peer, ours: own, around, dropped });
    const ratios = lane.metrics.map(
      (metric) => `${metric.key} ${(metricOf(metric, own) / metricOf(metric, peer)).toFixed(2)}`,
    );
    const note = dropped ? `, dropped (${dropped})` : '';
    progress.line(
      `${lane.id}: pair ${index + 1}/${options.pairs} ${order}: ${ratios.join(', ')}; load ${around.load.toFixed(1)}, steal ${(around.steal * 100).toFixed(1)} %${note}`,
    );
  }
  return done;
}

async function runSide(side: Side): Promise<Measured> {
  await side.prepare?.();
  const { result, usage } = await metered(side.roots, side.run);
  return { ...usage, ...result };
}
