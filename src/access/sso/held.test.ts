import { expect, test } from 'vitest';
import { createHeld } from './held.ts';

const held = (room = { ofTenant: 3, ofAll: 100 }) => createHeld(room, () => ({}));

test('tenants share a value by its name', () => {
  const { take } = held();
  expect(take('a', 'login')).toBe(take('b', 'login'));
  expect(take('a', 'login')).not.toBe(take('a', 'other'));
});

// sabotage: src/access/sso/held.ts :: if (own.size > room.ofTenant) letGo(tenant, first(own)); =>
test('a tenant that names one after the other pushes out its own alone', () => {
  const { take, size } = held();
  const theirs = take('b', 'login');
  const own = take('a', 'mine');
  take('a', 'login');
  for (let index = 0; index < 1_000; index += 1) take('a', `https://${index}.example`);
  expect(size()).toBe(4);
  expect(take('b', 'login')).toBe(theirs);
  expect(take('a', 'mine')).not.toBe(own);
});

test('of a tenant, what it took last stays', () => {
  const { take } = held();
  const used = take('a', 'used');
  for (const name of ['1', '2', 'used', '3']) take('a', name);
  expect(take('a', 'used')).toBe(used);
});

// sabotage: src/access/sso/held.ts :: if (values.size > room.ofAll) { => if (values.size < 0) {
test('all tenants together have a limit too', () => {
  const { take, size } = held({ ofTenant: 3, ofAll: 10 });
  const last = take('other', 'kept');
  for (let index = 0; index < 50; index += 1) {
    take(`tenant ${index}`, `name ${index}`);
    expect(take('other', 'kept')).toBe(last);
  }
  expect(size()).toBe(10);
});
