import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../../tests/support/app.ts';
import { importDeps, readWhole, uploadLeads } from '../../../tests/support/imports.ts';
import { testRequests } from '../../../tests/support/requests.ts';
import { createTenant, giveVolume, type TestTenant } from '../../../tests/support/tenant.ts';
import { countOpen, findUnasked } from './pending-items.ts';
import { type PumpOptions, pumpTriages } from './pump-triages.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
});
beforeEach(async () => {
  tenant = await createTenant(app.database);
  await giveVolume(app.database, tenant.id);
});
afterAll(() => app.close());

/** Reads a file of so many leads; the returned function pumps for a while, and nothing ever scans. */
async function importOf(rows: number) {
  const csv = `url\n${Array.from({ length: rows }, (_, n) => `lead-${n}.example`).join('\n')}\n`;
  const { id, input } = await uploadLeads(app, tenant, csv);
  await readWhole(app, input);
  const deps = {
    ...importDeps(app),
    requestTriage: testRequests.requestTriage,
    startSoon: async () => undefined,
  };
  const pump = (options: Partial<PumpOptions>) =>
    pumpTriages(deps, input, {
      window: 4,
      pollMs: 20,
      durationMs: 0,
      signal: AbortSignal.timeout(20_000),
      onWaiting: () => undefined,
      ...options,
    });
  return { id, pump };
}

// sabotage: src/leads/batches/pump-triages.ts :: const isQuiet = !hasAsked && last?.waiting.open === open; => const isQuiet = false;
test('while nothing changes it looks at a quarter of its pace', async () => {
  const { pump } = await importOf(10);
  let looks = 0;
  const onWaiting = () => {
    looks += 1;
  };
  expect(await pump({ durationMs: 2_000, onWaiting })).toMatchObject({ done: false, open: 4 });
  expect(looks).toBeGreaterThan(3);
  expect(looks).toBeLessThan(2_000 / 80 + 10);
});

// sabotage: src/leads/batches/pending-items.ts :: sql.raw('offset 0') => sql.raw('')
// sabotage: migrations/0031_next_lines_of_batches.sql :: CREATE INDEX "batch_items_next" ON "batch_items" USING btree ("tenant_id","batch_id","line") WHERE state = 'pending'; => SELECT 1;
test('a look reads the lines that matter, and neither all that wait nor those that are done', async () => {
  const { id, pump } = await importOf(3_000);
  const { admin, db } = app.database;
  await admin`update batch_items set state = 'qualified' where tenant_id = ${tenant.id} and line < 2000`;
  await pump({ window: 20 });
  await admin`vacuum analyze batch_items, leads, runs`;
  await db.withTenant(tenant.scope, async (tx) => {
    const reads = async () => {
      const { rows } = await tx.execute<{
        n: number;
      }>(`select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as n
        from pg_stat_xact_user_tables where relname in ('batch_items', 'leads')`);
      return rows[0]!.n;
    };
    const before = await reads();
    const batch = { tenant: tenant.id, id };
    expect(await countOpen(tx, batch)).toEqual({ open: 20, awaiting: 0 });
    expect(await findUnasked(tx, batch, 5)).toHaveLength(5);
    expect((await reads()) - before).toBeLessThan(300);
  });
});
