import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/runtime/clock.ts';
import { auditsInFlight, findAuditsInFlight } from '../../src/triage/audits/repository.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { createTenant, type TestTenant } from '../../tests/support/tenant.ts';
import { createTriageReconciler } from './reconcile-triage.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

const ENDED = 20_000;
const IN_FLIGHT = 5_100;

/** So many audits of one tenant, each with facts. */
async function insertAudits(count: number, status: string): Promise<void> {
  await database.admin`insert into audits (tenant_id, id, run_id, url, status, playbook_slug, playbook_version,
      agent_slug, agent_version, facts, created_by)
    select ${tenant.id}, gen_random_uuid(), gen_random_uuid(), 'https://a.example/', ${status}, 'triage-standard', '1.0.0',
      'triage', '1.0.0', '{"page": {"title": "A"}}', ${tenant.keys.owner.id}
    from generate_series(1, ${count})`;
}

// sabotage: activities/journal/all-pages.ts :: if (page.length < PAGE) return all; => return all;
// sabotage: src/triage/audits/repository.ts :: .select(NAMES) => .select()
// sabotage: migrations/0029_audits_in_flight.sql :: CREATE INDEX "audits_in_flight" ON "audits" USING btree ("id") WHERE status in ('running', 'awaiting'); => SELECT 1;
test('every audit in flight is found, page by page, by its index, and without what was found on its site', async () => {
  await insertAudits(ENDED, 'completed');
  await insertAudits(IN_FLIGHT - 100, 'running');
  await insertAudits(100, 'awaiting');
  await database.admin`analyze audits`;

  const rows = await createTriageReconciler({ db: database.db, clock: systemClock }).findInFlight();
  expect(new Set(rows.map(({ auditId }) => auditId)).size).toBe(IN_FLIGHT);
  expect(rows).toHaveLength(IN_FLIGHT);

  const [first] = await findAuditsInFlight(database.db, { limit: 1 });
  expect(Object.keys(first!).sort()).toEqual(['createdBy', 'id', 'leadId', 'runId', 'tenantId']);
  const { rows: plan } = await database.db.withSystem('audits_in_flight', (tx) => {
    const page = auditsInFlight(tx, { afterId: first!.id, limit: 500 });
    return tx.execute(sql`explain ${page.getSQL()}`);
  });
  expect(JSON.stringify(plan)).toMatch(/Index Scan using audits_in_flight/);
});
