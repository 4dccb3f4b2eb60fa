import { expect, inject, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../tests/support/database.ts';
import { createTestDatabase as createEmptyDatabase } from '../../stack/testing.ts';
import { isMigrated } from './migrate.ts';

test('the runtime role can tell a migrated database from one that lacks the newest migration', async () => {
  const { admin, info, close } = await createTestDatabase();
  onTestFinished(close);
  expect(await isMigrated(info)).toBe(true);
  await admin`delete from drizzle.__drizzle_migrations
    where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`;
  expect(await isMigrated(info)).toBe(false);
});

test('a database where nothing was ever migrated, or where the role may not look, counts as not migrated', async () => {
  const empty = await createEmptyDatabase(inject('testDatabase').server);
  onTestFinished(empty.drop);
  expect(await isMigrated(empty.info)).toBe(false);
  const { admin, info, close } = await createTestDatabase();
  onTestFinished(close);
  await admin`revoke usage on schema drizzle from agos_app`;
  expect(await isMigrated(info)).toBe(false);
});
