import { describe, expect, test } from 'vitest';
import { levelOf, limitFindings, tenantBudget } from './budgets.ts';
import type { Known, OpenAlert } from './rules.ts';

const NOTHING: Known = { open: new Map(), settled: new Map() };
const NOON = new Date('2026-11-26T12:00:00Z');
const CAPS = { userMicroUsd: 10_000_000, tenantMicroUsd: 10_000_000, globalMicroUsd: 100_000_000 };
const DAY = { date: '2026-11-26', endsAt: new Date('2026-11-27T00:00:00Z') };
const findings = (spent: number, known = NOTHING) =>
  limitFindings(tenantBudget({ tenantMicroUsd: spent, globalMicroUsd: spent }, CAPS, DAY), NOON, known);

// sabotage: src/control/alerts/budgets.ts :: if (used + unit > limit) return 100; => if (used > limit) return 100;
test.each([
  [799, null],
  [800, 80],
  [999, 80],
  [1_000, 100],
  [1_200, 100],
])('%i of 1000 credits used: level %s', (used, level) => {
  expect(levelOf(used, 1_000, 1)).toBe(level);
});

test('a limit of nothing is what somebody set, and no news', () => {
  expect(levelOf(5, 0, 1)).toBeNull();
});

describe('a budget', () => {
  test('is told of at four fifths, and when no triage has room in it', () => {
    expect(findings(7_999_999)).toEqual([]);
    expect(findings(8_000_000)).toMatchObject([{ subject: '2026-11-26/80', severity: 'warning', fresh: 1 }]);
    expect(findings(9_994_000)).toMatchObject([{ subject: '2026-11-26/100', severity: 'critical' }]);
  });

  test('that is told of already adds nothing', () => {
    const open = new Map([['tenant_budget/2026-11-26/80', {} as OpenAlert]]);
    expect(findings(8_500_000, { ...NOTHING, open })).toMatchObject([{ fresh: 0 }]);
  });

  // sabotage: src/control/alerts/budgets.ts :: if (known.settled.has(key)) return []; =>
  test('that a person has settled is not told of again at this level', () => {
    const settled = new Map([['tenant_budget/2026-11-26/80', NOON]]);
    expect(findings(8_500_000, { ...NOTHING, settled })).toEqual([]);
    expect(findings(10_000_000, { ...NOTHING, settled })).toHaveLength(1);
  });
});
