import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { userCacheDir } from '../../src/stack/cache.ts';
import { silentProgress } from '../../src/stack/progress.ts';
import { findTemporalServer } from '../../src/stack/temporal/find.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { exportHistory } from '../../temporal/record-history.ts';
import { page } from '../faults/support/sites.ts';
import { type FaultLead, type FaultStack, startFaultStack } from '../faults/support/stack.ts';
import { withoutTemporalService } from '../support/provide.ts';
import { replay } from './support/replay.ts';
import { sharedBundle } from './support/shared-bundle.ts';
import { startTestWorker } from './support/worker.ts';

const run = promisify(execFile);
const DEPLOYMENT = 'agos';
/** Its code is another: a run that went from one build to the other would fail at its first step. */
const NEXT_BUILD = join(import.meta.dirname, 'support/mutations/next-build.ts');
const NOT_DECISIONS = 'core,imports,fetch,browser,lighthouse,model';

let stack: FaultStack;
let temporal: string;
let second: { stop(): Promise<void> } | undefined;

beforeAll(async () => {
  const environment = withoutTemporalService(process.env);
  const found = await findTemporalServer({
    environment,
    cacheDir: userCacheDir(environment),
    progress: silentProgress,
  });
  if (found.kind !== 'binary') throw new Error('the test needs the command line');
  temporal = found.path;
  stack = await startFaultStack();
  // Activities are not versioned: one worker serves them for both builds.
  const workers = [
    stack.startWorker({ AGOS_QUEUES: NOT_DECISIONS }),
    stack.startWorker({ AGOS_QUEUES: 'workflows', AGOS_DEPLOYMENT: DEPLOYMENT, AGOS_BUILD_ID: 'first' }),
  ];
  second = await startTestWorker({
    target: stack.server.target,
    payloadKeys: stack.payloadKeys,
    workflowsPath: NEXT_BUILD,
    activities: {},
    queues: ['workflows'],
    version: { deploymentName: DEPLOYMENT, buildId: 'second' },
  });
  await Promise.all(workers.map((worker) => worker.serving));
});
afterAll(async () => {
  await second?.stop();
  await stack?.close();
});

/** As docs/production.md has it. */
const deployment = async (...args: string[]): Promise<string> => {
  const at = ['--address', stack.server.address, '--deployment-name', DEPLOYMENT];
  const { stdout } = await run(temporal, ['worker', 'deployment', ...args, ...at]);
  return stdout;
};
const makeCurrent = (buildId: string) =>
  vi.waitUntil(
    () =>
      deployment('set-current-version', '--build-id', buildId, '--yes').then(
        () => true,
        () => false,
      ),
    { timeout: 30_000, interval: 500 },
  );

/** The builds that took decisions of a lead's run, in order. */
async function buildsOf(lead: FaultLead): Promise<(string | null | undefined)[]> {
  const { events } = await stack.handle(lead).fetchHistory();
  const builds = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: completed }) =>
    completed ? [completed.deploymentVersion?.buildId] : [],
  );
  return [...new Set(builds)];
}

/** A run's history without what it was encrypted with. */
async function historyOf(lead: FaultLead): Promise<unknown> {
  const converter = createDataConverter(stack.payloadKeys);
  return JSON.parse(await exportHistory(stack.client, converter, lead.workflowId));
}

/** A lead whose site answers when it is told to, and then has nothing to scan. */
async function slowLead() {
  const answer = Promise.withResolvers<void>();
  const site = stack.sites.add((response) => page(response, '<h1>Domain for sale</h1>'));
  site.before = () => answer.promise;
  const lead = await stack.lead(site);
  expect((await stack.triage(lead)).status).toBe(202);
  await vi.waitUntil(() => site.pageRequests > 0, { timeout: 60_000 });
  return { lead, answer: answer.resolve };
}

test('with two builds at once runs end on the build that began them, new ones begin on the current one, and back', async () => {
  await makeCurrent('first');
  const old = await slowLead();

  await makeCurrent('second');
  const young = await slowLead();
  old.answer();
  expect((await stack.untilEnded(old.lead)).run).toMatchObject({ status: 'completed' });
  expect(await buildsOf(old.lead)).toEqual(['first']);

  await makeCurrent('first');
  const rolledBack = await slowLead();
  rolledBack.answer();
  expect((await stack.untilEnded(rolledBack.lead)).run).toMatchObject({ status: 'completed' });
  expect(await buildsOf(rolledBack.lead)).toEqual(['first']);

  young.answer();
  expect((await stack.untilEnded(young.lead)).run).toMatchObject({ status: 'completed' });
  expect(await buildsOf(young.lead)).toEqual(['second']);

  const bundle = await sharedBundle({ encrypted: false, workflowsPath: NEXT_BUILD });
  const exchanged = { workflowId: old.lead.workflowId, history: await historyOf(old.lead) };
  expect(await replay(bundle, [exchanged]), 'the two differ').toEqual({
    [old.lead.workflowId]: expect.stringContaining('Determinism'),
  });
}, 240_000);
