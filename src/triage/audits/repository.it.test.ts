import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { insertAudit } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { factsOf, findAudit, saveFacts } from './repository.ts';

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
});
afterAll(() => database.close());

// sabotage: src/triage/audits/repository.ts :: typeof value === 'string' ? storableText(value) : value, => value,
test('what a page says is stored also where it holds NUL and halves of surrogate pairs', async () => {
  const id = await insertAudit(database, { tenant: tenant.id, createdBy: tenant.keys.owner.id });
  const found = await database.db.withTenant(tenant.scope, async (tx) => {
    const facts = {
      final_url: 'https://a.example/',
      title: 'a\u0000b \ud83d',
      texts: ['\udc00', '\u{1f600}'],
    };
    await saveFacts(tx, { tenant: tenant.id, id }, 'page', facts as never);
    return findAudit(tx, tenant.id, id);
  });
  expect(factsOf(found!).page).toEqual({
    final_url: 'https://a.example/',
    title: 'a\ufffdb \ufffd',
    texts: ['\ufffd', '\u{1f600}'],
  });
});
