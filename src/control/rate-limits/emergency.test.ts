import { expect, test } from 'vitest';
import type { Database } from '../../runtime/database/database.ts';
import { createRateLimits } from './limit-requests.ts';

type Arrival = Parameters<ReturnType<typeof createRateLimits>['ofEmergency']>[1];

/** How many of so many emergencies of each key are let through; without a database, which is not asked for them. */
function createCount() {
  const limits = createRateLimits({ db: {} as Database });
  return (tenant: string, keys: number, each: number): number => {
    let granted = 0;
    for (let asked = 0; asked < keys * each; asked += 1) {
      const arrival = { tenant: { id: tenant }, scope: { actor: { id: `key ${asked % keys}` } } } as Arrival;
      if (!limits.ofEmergency(new Request('http://agos.example/'), arrival).refused) granted += 1;
    }
    return granted;
  };
}

// sabotage: src/control/rate-limits/limit-requests.ts :: countTenantEmergency(tenant.id) => countTenantEmergency(`${tenant.id} ${scope.actor.id}`)
test('more keys of a tenant get no more emergencies than ten have; another tenant has all of its own', () => {
  const count = createCount();
  const granted = count('flooding', 100, 10);
  expect(granted).toBeGreaterThanOrEqual(200);
  expect(granted).toBeLessThan(250);
  expect(count('other', 10, 20)).toBeGreaterThanOrEqual(200);
});

// sabotage: src/control/rate-limits/limit-requests.ts :: const all = own.refused => const all = false
test("one key's flood leaves its tenant's others theirs", () => {
  const count = createCount();
  expect(count('flooded', 1, 1_000)).toBeLessThan(30);
  // Its own is one of the nine.
  expect(count('flooded', 9, 20)).toBeGreaterThanOrEqual(160);
});
