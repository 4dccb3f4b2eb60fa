import type { TestProject } from 'vitest/node';
import { migrateDatabase } from '../../src/runtime/database/migrate.ts';
import { createTestDatabase, startTestDatabase, type TestDatabaseInfo } from '../../src/stack/testing.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The run's PostgreSQL, and the name of its migrated template database. */
    testDatabase: { server: TestDatabaseInfo; template: string };
  }
}

/** Starts one PostgreSQL for the whole test run and migrates one database that all suites copy. */
export default async function startPostgres(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestDatabase();
  try {
    const template = await createTestDatabase(server.info);
    await migrateDatabase({ adminUrl: template.info.adminUrl });
    project.provide('testDatabase', { server: server.info, template: template.name });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server.stop;
}
