import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { insertAudit, insertLead } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { seedPlaybooks } from '../../cli/seed-registry.ts';
import { newId } from '../../runtime/ids.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { scoreAudit } from './score-audit.ts';

const FACTS = join(import.meta.dirname, '../../../tests/support/facts/hartleys-plumbing.json');

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  const standard = loadPlaybooks().find((playbook) => playbook.is_default)!;
  const review = { enabled: true, within_points: 100, expires_after_hours: 1 };
  await seedPlaybooks(database.admin, [{ ...standard, slug: 'asks', is_default: false, review }]);
});
afterAll(() => database.close());

async function scored(leadId: string | null) {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const audit = await insertAudit(database, owner, { leadId });
  const { admin } = database;
  const facts = JSON.parse(readFileSync(FACTS, 'utf8'));
  await admin`update audits set facts = ${admin.json(facts)}, playbook_slug = 'asks',
    playbook_version = (select version from playbooks where slug = 'asks') where id = ${audit}`;
  const ids = { run_id: newId(), principal_id: owner.createdBy, lead_id: leadId, audit_id: audit };
  return database.db.withTenant(tenant.scope, (tx) =>
    scoreAudit({ tx, now: new Date() }, { version: 1, tenant: tenant.id, ...ids }),
  );
}

// sabotage: src/triage/triage-room/score-audit.ts :: && input.lead_id !== null ? => ?
test('a score near the bar waits for a person when there is a lead, and decides by itself when there is none', async () => {
  const lead = await insertLead(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
  expect(await scored(lead)).toMatchObject({ review_ms: 3_600_000 });
  expect(await scored(null)).toMatchObject({ decision: 'qualified', review_ms: null });
});
