import postgres from 'postgres';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/runtime/database/database.ts';
import { createTestDatabase as copyDatabase, type TestDatabaseInfo } from '../../src/stack/testing.ts';

export type TestDatabase = {
  db: Database;
  /** The owner's connection: what the tests themselves look at, past row-level security. */
  admin: postgres.Sql;
  info: TestDatabaseInfo;
  close(): Promise<void>;
};

/** A fresh, migrated database for one suite, with both doors open; call `close` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { server, template } = inject('testDatabase');
  const copy = await copyDatabase(server, template);
  const db = openDatabase({ url: copy.info.url, systemUrl: copy.info.systemUrl });
  const admin = postgres(copy.info.adminUrl, { max: 4, onnotice: () => {} });
  return {
    db,
    admin,
    info: copy.info,
    close: async () => {
      await db.close();
      await admin.end({ timeout: 5 });
      await copy.drop();
    },
  };
}
