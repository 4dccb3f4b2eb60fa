import { join } from 'node:path';
import { createImportLeadsActivities } from '../../activities/leads/import-leads.ts';
import { createFolderStorage } from '../../src/assets/files/folder.ts';
import { createAssetStore } from '../../src/assets/files/store.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { openDatabase } from '../../src/runtime/database/database.ts';
import { readTemporalTarget } from '../../temporal/connection.ts';
import { createGateway } from '../../temporal/gateway.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { startTestWorker, testClient } from '../temporal/support/worker.ts';
import { testRequests } from './requests.ts';

/** A worker of the import in a process of its own, for tests that kill it; its scans are for the test to settle. */
const { temporal, urls, assetsDir } = JSON.parse(process.argv[2] ?? '{}');
const target = readTemporalTarget({ TEMPORAL_ADDRESS: temporal });
const db = openDatabase(urls);
const clock = systemClock;
await startTestWorker({
  target,
  workflowsPath: join(import.meta.dirname, '../../workflows/index.ts'),
  queues: ['workflows', 'core', 'imports'],
  activities: createImportLeadsActivities({
    db,
    clock,
    assets: createAssetStore({
      storage: createFolderStorage(assetsDir),
      origin: 'http://assets.example',
      signingSecret: 'unused',
      clock,
    }),
    urlRules: {},
    gateway: createGateway({ client: testClient(target), workflows: RUN_WORKFLOWS }),
    runEndHooks: RUN_END_HOOKS,
    requestTriage: testRequests.requestTriage,
    startSoon: async () => undefined,
    limits: { window: 200, pollMs: 100, read: { chunkLines: 50, lines: 5_000, durationMs: 60_000 } },
  }),
});
process.stdout.write('ready\n');
