import { expect, test } from 'vitest';
import type { Lane, Pair, Side } from './benchmark.ts';
import { controlWords, judgeLane } from './judge-lane.ts';
import { pairedMarkdown } from './paired-section.ts';

const side = (name: string): Side => ({ name, roots: () => [], run: async () => ({}) });
const lane: Lane = {
  id: 'lane',
  title: 'A lane',
  peer: side('theirs'),
  ours: side('ours'),
  metrics: [
    { key: 'wall_s', title: 'seconds', target: { most: 1.2 } },
    { key: 'cpu_s', per: 'requests', title: 'CPU seconds for one request', target: { most: 1.5 } },
  ],
  sameWork: async () => 'both do nothing',
};

const pair = (wall: number, dropped: Pair['dropped'] = null): Pair => ({
  order: 'AB',
  peer: { wall_s: 10, cpu_s: 1, peak_mb: 1, requests: 100 },
  ours: { wall_s: wall, cpu_s: 1, peak_mb: 1, requests: 50 },
  around: { load: 1, steal: 0 },
  dropped,
});

test('pairs that are dropped do not count, and are told', () => {
  const result = judgeLane(lane, [pair(99, 'first'), pair(11), pair(99, 'steal'), pair(11)], 'same');
  expect(result).toMatchObject({ counted: 2, dropped: { first: 1, steal: 1 } });
  expect(result.metrics[0]).toMatchObject({ peer: 10, ours: 11, ratio: 1.1, verdict: 'met' });
  const text = pairedMarkdown(['How.'], [result], 'Control: not run yet.');
  expect(text).toContain('2 pairs counted, 1 dropped as warm-up, 1 dropped for stolen CPU time');
  expect(text).toContain('| seconds | 10 | 11 | 1.10 (1.10 to 1.10) | at most 1.2: **met** |');
});

test('a figure by another is a ratio of both sides’ own', () => {
  const [, cpu] = judgeLane(lane, [pair(11)], 'same').metrics;
  expect(cpu).toMatchObject({ peer: 0.01, ours: 0.02, ratio: 2, verdict: 'missed' });
});

test('a control names every figure in which the same program differs from itself', () => {
  const sound = judgeLane({ ...lane, metrics: lane.metrics.slice(0, 1) }, [pair(10)], 'same');
  expect(controlWords([sound])).toBe('all 1 figures contain 1.00 within 5 % each way');
  expect(controlWords([judgeLane(lane, [pair(10)], 'same')])).toContain('lane CPU seconds for one request');
});
