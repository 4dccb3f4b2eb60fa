import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import * as workflows from '../../workflows/index.ts';
import { replay, type StoredHistory } from './support/replay.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type Event = {
  workflowExecutionStartedEventAttributes?: { workflowType: { name: string } };
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  workflowTaskCompletedEventAttributes?: {
    sdkMetadata?: { langUsedFlags?: number[]; coreUsedFlags?: number[] };
  };
};
type Stored = StoredHistory & { history: { events: Event[] } };

const stored: Stored[] = globSync('workflows/**/histories/*.json', { cwd: ROOT }).map((file) => ({
  workflowId: file,
  history: JSON.parse(readFileSync(`${ROOT}${file}`, 'utf8')) as Stored['history'],
}));

describe('stored histories', () => {
  let bundle: { code: string };

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
    bundle = await bundleWorkflows({ encrypted: false });
  }, 60_000);

  test('the bundle holds every workflow, and nothing that may not run in one', () => {
    for (const name of Object.keys(workflows)) expect(bundle.code).toContain(name);
  });

  test.each(Object.keys(workflows))('%s has one', (name) => {
    expect(stored.map(typeOf)).toContain(name);
  });

  test.each(stored)('$workflowId replays', async (one) => {
    expect(await replay(bundle, [one])).toEqual({});
  });

  test.each(stored)('$workflowId notices when an activity is changed', async (one) => {
    const first = one.history.events.find((event) => event.activityTaskScheduledEventAttributes);
    const activity = first?.activityTaskScheduledEventAttributes?.activityType.name;
    expect(activity).toBeDefined();
    const changed = { code: bundle.code.replaceAll(activity!, `${activity}Changed`) };
    expect(await replay(changed, [one])).toEqual({
      [one.workflowId]: expect.stringContaining('Determinism'),
    });
  });

  test.each(stored)('$workflowId carries the flags of the SDK that wrote it', ({ history }) => {
    const completed = history.events.flatMap((event) => event.workflowTaskCompletedEventAttributes ?? []);
    expect(completed[0]?.sdkMetadata?.coreUsedFlags?.length).toBeGreaterThan(0);
  });
});

function typeOf({ history }: Stored): string | undefined {
  return history.events[0]?.workflowExecutionStartedEventAttributes?.workflowType.name;
}
