import { expect, test } from 'vitest';
import { identityOf } from '../../access/identity/identity.ts';
import type { Database } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { followEvents } from './follow.ts';
import { createEventHub } from './hub.ts';

const hubOf = () => createEventHub({ listen: () => {} });

// sabotage: src/control/events/hub.ts :: mostForOne: READS_PER_TENANT, => mostForOne: READS_AT_ONCE,
test("one tenant's reads that do not end leave room for another's", async () => {
  const hub = hubOf();
  const stuck = Promise.withResolvers<void>();
  const slow = Array.from({ length: 50 }, () => hub.reading('a', () => stuck.promise));
  const other = hub.reading('b', async () => 'read');
  await expect(Promise.race([other, stuck.promise, soon()])).resolves.toBe('read');
  stuck.resolve();
  await Promise.all(slow);
});

const soon = () => new Promise((resolve) => setTimeout(() => resolve('late'), 500));

// sabotage: src/control/events/follow.ts :: readPage(tx, follow, identity, after), PATIENCE); => readPage(tx, follow, identity, after));
// sabotage: src/control/events/follow.ts :: if (code === 'internal_error') throw error; => if (status > 0) throw error;
test('a read has the patience of a request, and a stream goes on after one that gave up', async () => {
  const given: unknown[] = [];
  const withTenant = async (_scope: unknown, _read: unknown, patience: unknown) => {
    given.push(patience);
    if (given.length === 1) throw Object.assign(new Error('canceled'), { code: '57014' });
    return { rows: [], reached: 5, more: false, ended: true };
  };
  const identity = identityOf({
    tenant: { id: newId(), name: 'Acme', status: 'active', plan: 'ignition' },
    principal: { kind: 'key', id: newId(), name: null },
    role: 'owner',
  });
  const source = followEvents(
    { db: { withTenant } as unknown as Database, hub: hubOf() },
    { identity, identify: async () => identity },
    { after: 0, filter: {} },
  );
  const sink = { send: async () => {}, mark: async () => {}, signal: new AbortController().signal };
  expect(await source(sink)).toBe('complete');
  const limits = { lockMs: expect.any(Number), statementMs: expect.any(Number) };
  expect(given).toEqual([limits, limits]);
});
