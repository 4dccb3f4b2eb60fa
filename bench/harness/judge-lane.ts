import type { Lane, Measured, Metric, Pair } from './benchmark.ts';
import {
  bootstrapInterval,
  type Interval,
  isSoundControl,
  judge,
  median,
  type Verdict,
} from './statistics.ts';

export type MetricResult = Metric & {
  peer: number;
  ours: number;
  ratio: number;
  interval: Interval;
  verdict: Verdict | null;
};

export type LaneResult = {
  id: string;
  title: string;
  peerName: string;
  oursName: string;
  sameWork: string;
  counted: number;
  dropped: { first: number; steal: number };
  load: number;
  steal: number;
  metrics: MetricResult[];
};

/** Fixed, so that the same pairs always give the same interval. */
const SEED = 20_261_126;

/** Medians, ratios and intervals of a lane's pairs. */
export function judgeLane(lane: Lane, pairs: readonly Pair[], sameWork: string): LaneResult {
  const counted = pairs.filter((pair) => pair.dropped === null);
  const count = (why: 'first' | 'steal'): number => pairs.filter((pair) => pair.dropped === why).length;
  return {
    id: lane.id,
    title: lane.title,
    peerName: lane.peer.name,
    oursName: lane.ours.name,
    sameWork,
    counted: counted.length,
    dropped: { first: count('first'), steal: count('steal') },
    load: median(pairs.map(({ around }) => around.load)),
    steal: median(pairs.map(({ around }) => around.steal)),
    metrics: lane.metrics.map((metric) => judgeMetric(metric, counted)),
  };
}

function judgeMetric(metric: Metric, pairs: readonly Pair[]): MetricResult {
  const { target } = metric;
  const values = pairs.map(({ peer, ours }) => ({
    peer: metricOf(metric, peer),
    ours: metricOf(metric, ours),
  }));
  const ratios = values.map(({ peer, ours }) => ours / peer);
  const interval = bootstrapInterval(ratios, SEED);
  return {
    ...metric,
    peer: median(values.map(({ peer }) => peer)),
    ours: median(values.map(({ ours }) => ours)),
    ratio: median(ratios),
    interval,
    verdict: target ? judge(interval, target) : null,
  };
}

/** A metric of one side's run. */
export function metricOf({ key, per }: Metric, measured: Measured): number {
  return (measured[key] ?? Number.NaN) / (per === undefined ? 1 : (measured[per] ?? Number.NaN));
}

/** What a control's lanes say: whether each figure of the same program twice looks the same. */
export function controlWords(lanes: readonly LaneResult[]): string {
  const all = lanes.flatMap((lane) => lane.metrics.map((metric) => ({ lane, metric })));
  const unsound = all.filter(({ metric }) => !isSoundControl(metric.interval));
  if (unsound.length === 0) return `all ${all.length} figures contain 1.00 within 5 % each way`;
  const words = unsound.map(
    ({ lane, metric }) =>
      `${lane.id} ${metric.title} ${metric.interval.low.toFixed(2)} to ${metric.interval.high.toFixed(2)}`,
  );
  return `${all.length - unsound.length} of ${all.length} figures contain 1.00 within 5 % each way; not so: ${words.join('; ')}`;
}
