import { median } from '../harness/statistics.ts';

/** Median difference between any two runs of one side: how much the tool disagrees with itself. */
export function ownNoise(runs: readonly number[]): number {
  const pairs = runs.flatMap((one, index) => runs.slice(index + 1).map((other) => Math.abs(one - other)));
  return pairs.length === 0 ? 0 : median(pairs);
}

/** Spearman's rank correlation; ties share the mean of their ranks. */
export function rankCorrelation(left: readonly number[], right: readonly number[]): number {
  return correlation(ranks(left), ranks(right));
}

function ranks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const same = values.filter((other) => other === value).length;
    return below + (same + 1) / 2;
  });
}

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const [meanLeft, meanRight] = [mean(left), mean(right)];
  let [both, squaresLeft, squaresRight] = [0, 0, 0];
  left.forEach((value, index) => {
    const [a, b] = [value - meanLeft, (right[index] ?? 0) - meanRight];
    both += a * b;
    squaresLeft += a * a;
    squaresRight += b * b;
  });
  return both / Math.sqrt(squaresLeft * squaresRight);
}

/** Picks sites spread over the range of scores: at most `perBand` of each five points, in the given order. */
export function chooseSpread<T extends { score: number }>(sites: readonly T[], perBand: number): T[] {
  const taken = new Map<number, number>();
  return sites.filter(({ score }) => {
    const band = Math.min(Math.floor(score / 5), 19);
    const count = taken.get(band) ?? 0;
    taken.set(band, count + 1);
    return count < perBand;
  });
}

export type SiteRuns = { site: string; ours: number[]; cli: number[] };

export type Verdict = {
  medianDifference: number;
  medianNoise: number;
  rankCorrelation: number;
  agrees: boolean;
};

/** With fewer of either, chance could make the sides agree. */
export const LEAST_SITES = 15;
const LEAST_RUNS = 3;

/** Why an agreement of so few measurements proves nothing, as a sentence; null when there are enough. */
export function whyTrial(sites: readonly SiteRuns[]): string | null {
  const runs = Math.min(...sites.flatMap(({ ours, cli }) => [ours.length, cli.length]));
  if (sites.length >= LEAST_SITES && runs >= LEAST_RUNS) return null;
  return `This is a trial, not a proof: it takes at least ${LEAST_SITES} sites and ${LEAST_RUNS} runs of each.`;
}

/** The rule: the median difference is at most the command line's own noise and 2, and the order is the same. */
export function judge(sites: readonly SiteRuns[]): Verdict {
  const medianDifference = median(sites.map(({ ours, cli }) => Math.abs(median(ours) - median(cli))));
  const medianNoise = median(sites.map(({ cli }) => ownNoise(cli)));
  const order = rankCorrelation(
    sites.map(({ ours }) => median(ours)),
    sites.map(({ cli }) => median(cli)),
  );
  const agrees = medianDifference <= medianNoise + 2 && order >= 0.95;
  return { medianDifference, medianNoise, rankCorrelation: order, agrees };
}
