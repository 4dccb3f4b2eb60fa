import type { ApiClient } from '../../src/cli/client.ts';
import type { LeadView } from '../../src/leads/leads/schemas.ts';
import type { AuditView } from '../../src/triage/audits/schemas.ts';
import { median } from '../harness/statistics.ts';
import type { Scores } from '../lighthouse-agreement/sides.ts';

const MAX_MEDIAN_DIFFERENCE = 2;

/** The four scores of each lead's audit, by its URL. */
export async function scoresOf(client: ApiClient, leads: readonly LeadView[]): Promise<Map<string, Scores>> {
  const found = new Map<string, Scores>();
  for (const lead of leads) {
    const { lighthouse } = await client.get<AuditView>(`/v1/audits/${lead.latest_audit_id}`);
    if (!lighthouse) throw new Error(`${lead.url} was not measured`);
    const { performance, accessibility, best_practices, seo } = lighthouse;
    const scores = { performance, accessibility, 'best-practices': best_practices, seo };
    if (Object.values(scores).some((score) => score === null)) throw new Error(`${lead.url} lacks a score`);
    found.set(lead.url, scores as Scores);
  }
  return found;
}

/** Says how far the scores of both sides are apart; throws when it is not the same work: a site is missing, or its scores. */
export function compareScores(
  urls: readonly string[],
  theirs: readonly Scores[],
  ours: ReadonlyMap<string, Scores>,
): string {
  const pairs = urls.map((url, index) => {
    const [cli, own] = [theirs[index], ours.get(url)];
    if (!cli || !own) throw new Error(`${url} has no scores on both sides`);
    return { cli, own };
  });
  const difference = (category: keyof Scores): number[] =>
    pairs.map(({ cli, own }) => Math.abs(cli[category] - own[category]));
  const performance = median(difference('performance'));
  if (performance > MAX_MEDIAN_DIFFERENCE)
    throw new Error(`performance scores differ by ${performance} in the median: that is not the same work`);
  const others = (['accessibility', 'best-practices', 'seo'] as const).map((category) => {
    const unequal = difference(category).filter((one) => one > 0).length;
    if (unequal > 0) throw new Error(`${category} differs on ${unequal} of ${urls.length} sites`);
    return `${category} equal`;
  });
  return `performance scores differ by ${performance} in the median (guard: at most ${MAX_MEDIAN_DIFFERENCE}, met); ${others.join(', ')}`;
}
