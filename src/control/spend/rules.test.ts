import { expect, test } from 'vitest';
import { cpuCostMicroUsd, dayOf, spendCapsOf, usd } from './rules.ts';

test.each([
  ['2026-11-24T00:00:00.000Z', '2026-11-24', '2026-11-25T00:00:00.000Z'],
  ['2026-12-31T23:59:59.999Z', '2026-12-31', '2027-01-01T00:00:00.000Z'],
  ['2026-11-24T23:30:00-05:00', '2026-11-25', '2026-11-26T00:00:00.000Z'],
])('%s counts on %s, which ends at %s', (now, date, endsAt) => {
  expect(dayOf(new Date(now))).toEqual({ date, endsAt: new Date(endsAt) });
});

test.each([
  [0, 20, 0],
  [1, 20, 1],
  [1_000, 20, 20],
  [12_345, 20, 247],
  [5_000, 0.5, 3],
])('%i ms of CPU at %f micro-dollars a second cost %i', (cpuMs, price, cost) => {
  expect(cpuCostMicroUsd(cpuMs, price)).toBe(cost);
});

test('amounts are shown as dollars, small ones with the places that a triage needs', () => {
  expect([usd(0), usd(92), usd(7_000), usd(10_000_000)]).toEqual([
    '0.0000 USD',
    '0.000092 USD',
    '0.0070 USD',
    '10.00 USD',
  ]);
  const settings = { AGOS_USER_MONTHLY_USD: 2.5, AGOS_TENANT_DAILY_USD: 0.1, AGOS_GLOBAL_DAILY_USD: 100 };
  expect(spendCapsOf(settings)).toEqual({
    userMicroUsd: 2_500_000,
    tenantMicroUsd: 100_000,
    globalMicroUsd: 100_000_000,
  });
});
