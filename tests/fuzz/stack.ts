import postgres from 'postgres';
import { type Listening, listen } from '../../src/api/listen.ts';
import { seedAgents, seedPlaybooks } from '../../src/cli/seed-registry.ts';
import { openDatabase } from '../../src/runtime/database/database.ts';
import { migrateDatabase } from '../../src/runtime/database/migrate.ts';
import { startTestDatabase } from '../../src/stack/testing.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { TRIAGE_AGENT } from '../../src/triage/triage-room/agent.ts';
import { createGateway } from '../../temporal/gateway.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { createTestApp } from '../support/app.ts';
import type { TestDatabase } from '../support/database.ts';
import { startTestServer } from '../temporal/support/server.ts';
import { testClient } from '../temporal/support/worker.ts';

export type FuzzStack = { url: string; database: TestDatabase; logs: string[]; close(): Promise<void> };

/**
 * The API on a socket, with PostgreSQL and Temporal behind it and no worker: what is asked for is started and
 * stays open. It also fails whatever answers otherwise than it declares.
 */
export async function startFuzzStack(): Promise<FuzzStack> {
  const [server, temporal] = await Promise.all([startTestDatabase(), startTestServer()]);
  await migrateDatabase({ adminUrl: server.info.adminUrl });
  const db = openDatabase({ url: server.info.url, systemUrl: server.info.systemUrl });
  const admin = postgres(server.info.adminUrl, { max: 4, onnotice: () => {} });
  await seedPlaybooks(admin, loadPlaybooks());
  await seedAgents(admin, [TRIAGE_AGENT]);
  const database: TestDatabase = {
    db,
    admin,
    info: server.info,
    close: async () => {
      await db.close();
      await admin.end({ timeout: 5 });
    },
  };
  const client = testClient(temporal.target);
  const app = await createTestApp(
    {
      gateway: createGateway({ client, workflows: RUN_WORKFLOWS }),
      // The fuzzer tries bad credentials all the time, from this one address.
      clientAddress: () => null,
    },
    database,
  );
  const api: Listening = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${api.port}`,
    database,
    logs: app.logs,
    close: async () => {
      await api.close();
      await app.close();
      await client.connection.close();
      await temporal.stop();
      await server.stop();
    },
  };
}
