import postgres from 'postgres';
import { migrateDatabase } from '../runtime/database/migrate.ts';
import { elapsed, type Progress } from '../stack/progress.ts';
import { loadPlaybooks } from '../triage/playbooks/load.ts';
import { TRIAGE_AGENT } from '../triage/triage-room/agent.ts';
import { CliError, EXIT } from './exit.ts';
import { seedAgents, seedPlaybooks } from './seed-registry.ts';

/** Brings the database up to date: tables, then the versions of playbooks and agents that this build ships. */
export async function migrateAll(options: {
  environment: Record<string, string | undefined>;
  progress: Progress;
}): Promise<void> {
  const startedMs = Date.now();
  const adminUrl = options.environment.DATABASE_ADMIN_URL;
  if (!adminUrl) {
    throw new CliError(EXIT.usage, 'Set DATABASE_ADMIN_URL to a connection of the owner of the database.');
  }
  const playbooks = loadPlaybooks();
  await migrateDatabase({ adminUrl });
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await seedPlaybooks(sql, playbooks);
    await seedAgents(sql, [TRIAGE_AGENT]);
  } finally {
    await sql.end({ timeout: 5 });
  }
  options.progress.line(`Database up to date, ${playbooks.length} playbooks valid (${elapsed(startedMs)})`);
}
