import { ServiceError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { createLogger } from '../src/runtime/logger.ts';
import { whenServed } from './ready.ts';

const log = createLogger({ level: 'silent', name: 'test' });

test('what the server cannot serve yet is asked for again', async () => {
  let asked = 0;
  const work = async () => {
    asked += 1;
    if (asked < 2) throw new ServiceError('Failed to describe schedule');
  };
  await whenServed(work, log, new AbortController().signal);
  expect(asked).toBe(2);
});

test('a fault of ours is not waited out', async () => {
  const work = () => Promise.reject(new TypeError('ours'));
  await expect(whenServed(work, log, new AbortController().signal)).rejects.toThrow('ours');
});
