import postgres from 'postgres';
import { isMigrated } from '../runtime/database/migrate.ts';
import type { Progress } from '../stack/progress.ts';
import { loadPlaybooks } from '../triage/playbooks/load.ts';
import { TRIAGE_AGENT } from '../triage/triage-room/agent.ts';
import { CliError, EXIT } from './exit.ts';

/** Without the owner's connection nothing is migrated: throws a sentence unless this build can use the database as it is. */
export async function checkDatabase(options: {
  environment: Record<string, string | undefined>;
  progress: Progress;
}): Promise<void> {
  if (!(await isUpToDate(options.environment.DATABASE_URL ?? ''))) {
    throw new CliError(
      EXIT.usage,
      'The database is not up to date with this version: run `npx agos migrate` with DATABASE_ADMIN_URL (its owner) set.',
    );
  }
  options.progress.line('Database up to date; checked only, since DATABASE_ADMIN_URL is not set');
}

async function isUpToDate(url: string): Promise<boolean> {
  if (!(await isMigrated({ url }))) return false;
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const stored = await sql<{ name: string }[]>`
      select concat('playbook ', slug, ' ', version) as name from playbooks
      union all select concat('agent ', slug, ' ', version) from agents`;
    const names = new Set(stored.map(({ name }) => name));
    const playbooks = loadPlaybooks().map(({ slug, version }) => `playbook ${slug} ${version}`);
    const agent = `agent ${TRIAGE_AGENT.slug} ${TRIAGE_AGENT.version}`;
    return [...playbooks, agent].every((name) => names.has(name));
  } finally {
    await sql.end({ timeout: 5 });
  }
}
