import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PLAN_LIMITS } from '../../src/control/quotas/rules.ts';
import { PLAN_RATES } from '../../src/control/rate-limits/rules.ts';
import { SPELLINGS } from '../../src/leads/batches/columns.ts';
import { MAX_CSV_BYTES, MAX_JSON_BYTES } from '../../src/leads/batches/create-batch.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { ROOT } from './markdown.ts';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The rows of the table under a heading, cell by cell. */
function tableUnder(heading: string): string[][] {
  const [, section = ''] = readme.split(`### ${heading}\n`);
  const [table = ''] = /^\|[\s\S]*?\n(?!\|)/m.exec(section) ?? [];
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const codeIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

test('the README has every column of an import with its spellings, and the limits of files', () => {
  const rows = tableUnder('Files of leads').map(([name, others]) => [...codeIn(name), ...codeIn(others)]);
  expect(rows).toEqual(Object.values(SPELLINGS).map((spellings) => [...spellings]));
  expect(readme).toContain(
    `A CSV file may have ${MAX_CSV_BYTES / 1e6} MB, a JSON file ${MAX_JSON_BYTES / 1e6} MB`,
  );
});

test('the README has what each plan buys', () => {
  const bought = tableUnder('Plans').map(([plan, ...figures]) => [
    ...codeIn(plan),
    ...figures.map((figure) => Number(figure.replace(',', ''))),
  ]);
  expect(bought).toEqual(
    Object.entries(PLAN_LIMITS).map(([plan, { credits, triagesPerUser }]) => {
      const { perMinute, burst } = PLAN_RATES[plan as keyof typeof PLAN_RATES];
      return [plan, credits, triagesPerUser, perMinute, burst];
    }),
  );
});

test('the README has the threshold of each playbook, and when a person decides', () => {
  const rows = tableUnder('Scores and decisions').map(([slug, , threshold, person]) => [
    ...codeIn(slug),
    Number(threshold),
    person,
  ]);
  const playbooks = loadPlaybooks().map(({ slug, threshold, review }) => {
    const { enabled, within_points: within } = review;
    return [slug, threshold, enabled ? `from ${threshold - within} to ${threshold + within}` : 'never'];
  });
  expect(rows).toEqual(playbooks);
  expect(loadPlaybooks().every(({ review }) => review.expires_after_hours === 72)).toBe(true);
});
