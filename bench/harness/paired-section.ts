import type { LaneResult, MetricResult } from './judge-lane.ts';
import type { Target } from './statistics.ts';

const WORDS = {
  met: '**met**',
  missed: '**missed**',
  undecided: '**not decided**: the interval holds the target',
};

/** The Markdown of a paired benchmark's lanes. */
export function pairedMarkdown(
  conditions: readonly string[],
  lanes: readonly LaneResult[],
  control: string,
): string {
  return [conditions.join(' '), ...lanes.map(laneMarkdown), control].join('\n\n');
}

/** The line about the control run, which a later control takes the place of. */
export function controlLine(words: string | null): string {
  return words === null ? 'Control: not run yet.' : `Control, ours on both sides: ${words}.`;
}

function laneMarkdown(lane: LaneResult): string {
  const { first, steal } = lane.dropped;
  const dropped = [
    `${first} dropped as warm-up`,
    ...(steal > 0 ? [`${steal} dropped for stolen CPU time`] : []),
  ];
  const rows = lane.metrics.map(
    (metric) =>
      `| ${metric.title} | ${figure(metric.peer)} | ${figure(metric.ours)} | ${ratio(metric)} | ${targetWords(metric)} |`,
  );
  return [
    `### ${lane.title}`,
    `Peer: ${lane.peerName}. Ours: ${lane.oursName}. Same work: ${lane.sameWork}.`,
    [
      '| figure (medians) | peer | ours | ours by peer, with 95 % interval | target |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
    `${lane.counted} pairs counted, ${dropped.join(', ')}; load ${lane.load.toFixed(1)}, steal ${(lane.steal * 100).toFixed(1)} %.`,
  ].join('\n\n');
}

function ratio({ ratio: middle, interval }: MetricResult): string {
  return `${middle.toFixed(2)} (${interval.low.toFixed(2)} to ${interval.high.toFixed(2)})`;
}

function targetWords({ target, verdict }: MetricResult): string {
  return target && verdict ? `${describe(target)}: ${WORDS[verdict]}` : '–';
}

const describe = (target: Target): string =>
  'most' in target ? `at most ${target.most}` : `at least ${target.least}`;

/** Three digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
