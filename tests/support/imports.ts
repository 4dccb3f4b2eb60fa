import { setTimeout as sleep } from 'node:timers/promises';
import { createFolderStorage } from '../../src/assets/files/folder.ts';
import { createAssetStore } from '../../src/assets/files/store.ts';
import { findRun, type RunRow } from '../../src/journal/runs/repository.ts';
import { systemScope } from '../../src/kernel/actor.ts';
import { beginImport } from '../../src/leads/batches/begin-import.ts';
import { type ImportFileDeps, importLines, type ReadLimits } from '../../src/leads/batches/import-file.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import {
  IMPORT_START,
  type ImportLeadsInput,
  type ImportPosition,
} from '../../workflows/leads/import-leads/messages.ts';
import { TEST_ASSETS_ORIGIN, TEST_SECRET, type TestApp } from './app.ts';
import type { TestKey, TestTenant } from './tenant.ts';

export type Upload = {
  mime?: string;
  query?: Record<string, string>;
  key?: TestKey;
};

/** Uploads a file of leads over HTTP, and gives back the answer's batch and the input of its import. */
export async function uploadLeads(
  app: TestApp,
  tenant: TestTenant,
  content: string | Uint8Array<ArrayBuffer>,
  { mime = 'text/csv', query = {}, key = tenant.keys.operator }: Upload = {},
): Promise<{ id: string; input: ImportLeadsInput }> {
  const answer = await app.request('POST', `/v1/batches?${new URLSearchParams(query)}`, {
    headers: { 'content-type': mime, ...key.headers },
    body: content,
  });
  if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
  const { batch, run } = answer.body;
  const row = await app.database.db.withTenant(tenant.scope, (tx) => findRun(tx, tenant.id, run.id));
  return { id: batch.id, input: (row as RunRow).input as ImportLeadsInput };
}

/** What the import's activities read with. */
export function importDeps(app: TestApp): ImportFileDeps {
  return {
    db: app.database.db,
    clock: systemClock,
    assets: createAssetStore({
      storage: createFolderStorage(app.assetsDir),
      origin: TEST_ASSETS_ORIGIN,
      signingSecret: TEST_SECRET,
      clock: systemClock,
    }),
    urlRules: {},
  };
}

/** Claims the run of an import and reads its lines as the workflow would, call after call. */
export async function readWhole(
  app: TestApp,
  input: ImportLeadsInput,
  limits: Partial<ReadLimits> = {},
  deps: ImportFileDeps = importDeps(app),
): Promise<ImportPosition> {
  const { db } = app.database;
  await db.withTenant(systemScope(input.tenant, input.principal_id), (tx) =>
    beginImport(
      { tx, now: new Date(), claimedBy: { temporalRunId: 'test', firstTemporalRunId: 'test' } },
      input,
    ),
  );
  let position = IMPORT_START;
  for (;;) {
    const read = await importLines(deps, input, position, {
      limits: { chunkLines: 500, lines: 5_000, durationMs: 60_000, ...limits },
      signal: new AbortController().signal,
      onPosition: () => undefined,
    });
    position = read.position;
    if (read.busy) await sleep(20);
    if (read.done) return position;
  }
}
