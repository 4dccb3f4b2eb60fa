import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { replay, type StoredHistory } from '../temporal/support/replay.ts';

const ROOT = join(import.meta.dirname, '../..');
const WORKFLOW = join(ROOT, 'workflows/triage/triage-room/workflow.ts');
const HISTORIES = join(ROOT, 'workflows/triage/triage-room/histories');
/** Where one more step goes, and how it is written with and without a patch marker. */
const BEFORE = "progress.enter('inspecting');";
const STEP = 'await scoring.scoreAudit(input);';

let folder: string;
beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  // Inside the repository, since the bundler looks for packages upwards from here.
  folder = mkdtempSync(join(ROOT, 'dist', 'changed-workflow-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const histories: StoredHistory[] = readdirSync(HISTORIES).map((file) => ({
  workflowId: file,
  history: JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as unknown,
}));

/** Replays the room's stored histories against its workflow with one line changed. */
async function replayWith(name: string, instead: string): Promise<Record<string, string>> {
  const source = readFileSync(WORKFLOW, 'utf8');
  expect(source.split(BEFORE)).toHaveLength(2);
  const file = join(folder, `${name}.ts`);
  const changed = source
    .replace(BEFORE, instead)
    .replaceAll(/from '(\.[^']+)'/g, (_, path: string) => `from '${join(dirname(WORKFLOW), path)}'`);
  writeFileSync(file, changed);
  return replay(await bundleWorkflows({ encrypted: false, workflowsPath: file }), histories);
}

// Row 20: changed workflow code vs old histories: CI replay fails; with patch marker passes.
test('the room as it stands replays every stored history', async () => {
  // sabotage: workflows/triage/triage-room/workflow.ts :: const scored = await scoring.scoreAudit(input); => await scoring.scoreAudit(input); const scored = await scoring.scoreAudit(input);
  expect(histories.length).toBeGreaterThanOrEqual(4);
  expect(await replayWith('same', BEFORE)).toEqual({});
}, 60_000);

test('one more step in the room fails the replay of every history', async () => {
  const errors = await replayWith('changed', `${STEP} ${BEFORE}`);
  expect(Object.keys(errors).sort()).toEqual(histories.map(({ workflowId }) => workflowId).sort());
  for (const error of Object.values(errors)) expect(error).toContain('Determinism');
}, 60_000);

test('the same step behind a patch marker passes', async () => {
  expect(await replayWith('patched', `if (patched('score-early')) ${STEP} ${BEFORE}`)).toEqual({});
}, 60_000);
