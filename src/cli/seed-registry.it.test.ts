import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/support/database.ts';
import { loadPlaybooks } from '../triage/playbooks/load.ts';
import { TRIAGE_AGENT } from '../triage/triage-room/agent.ts';
import { seedAgents, seedPlaybooks } from './seed-registry.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const { slug: _slug, version: _version, ...fields } = TRIAGE_AGENT;
const changed = (value: unknown) =>
  typeof value === 'number' ? value + 1 : typeof value === 'string' ? `${value}x` : ['other'];

// sabotage: src/cli/seed-registry.ts :: if (!same) throw changed('agent', slug, version); =>
test.each(Object.entries(fields))(
  'an agent whose %s was changed under the same version is refused, the same one is not',
  async (field, value) => {
    await seedAgents(database.admin, [TRIAGE_AGENT]);
    await seedAgents(database.admin, [TRIAGE_AGENT]);
    const other = { ...TRIAGE_AGENT, [field]: changed(value) };
    await expect(seedAgents(database.admin, [other])).rejects.toThrow('give it a new one');
  },
);

test('a playbook that was changed under the same version is refused, the same one is not', async () => {
  const [playbook] = loadPlaybooks();
  await seedPlaybooks(database.admin, [playbook!]);
  await seedPlaybooks(database.admin, [playbook!]);
  const other = { ...playbook!, threshold: playbook!.threshold + 1 };
  await expect(seedPlaybooks(database.admin, [other])).rejects.toThrow('give it a new one');
});
