import { ActivityFailure, TimeoutFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { workerHoldOf } from './failures.ts';

const failed = (cause: Error) =>
  new ActivityFailure('the step failed', 'inspectPage', '3', 'MAXIMUM_ATTEMPTS_REACHED', '1@worker', cause);
const timedOut = (type: 'HEARTBEAT' | 'START_TO_CLOSE') => new TimeoutFailure('too late', undefined, type);

test.each<[string, unknown, string | undefined]>([
  ['a worker that went away', failed(timedOut('HEARTBEAT')), 'worker_lost'],
  ['a step that took too long', failed(timedOut('START_TO_CLOSE')), undefined],
  ['a step that failed', failed(new Error('no')), undefined],
  ['no error at all', 'HEARTBEAT', undefined],
])('%s', (_, error, code) => {
  expect(workerHoldOf(error)?.code).toBe(code);
});
