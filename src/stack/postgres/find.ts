import postgres from 'postgres';
import type { Environment } from '../cache.ts';

/** A PostgreSQL that the environment names; the admin's connection is needed only by a few commands. */
export type ExternalPostgres = { url: string; systemUrl: string; adminUrl?: string };

/** The server that DATABASE_URL and DATABASE_SYSTEM_URL name; `undefined` when neither is set. */
export function findPostgres(environment: Environment): ExternalPostgres | undefined {
  const url = environment.DATABASE_URL;
  const systemUrl = environment.DATABASE_SYSTEM_URL;
  const adminUrl = environment.DATABASE_ADMIN_URL;
  if (!url && !systemUrl && !adminUrl) return undefined;
  if (!url || !systemUrl) {
    const missing = url ? 'DATABASE_SYSTEM_URL' : 'DATABASE_URL';
    throw new Error(
      `Set ${missing} too, or unset all DATABASE_* variables: AgOS then starts a PostgreSQL of its own.`,
    );
  }
  return { url, systemUrl, ...(adminUrl && { adminUrl }) };
}

/** Version of the server behind a URL; throws a sentence when it does not answer or is older than 15. */
export async function probePostgres(url: string, variable: string): Promise<string> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    const [row] = await sql<{ version: string; number: number }[]>`
      select current_setting('server_version') as version, current_setting('server_version_num')::int as number`;
    const version = row!.version.split(' ')[0]!;
    if (row!.number >= 150_000) return version;
    throw new Error(`is PostgreSQL ${version}, and AgOS needs 15 or newer`);
  } catch (error) {
    const reason =
      error instanceof Error ? error.message || (error as { code?: string }).code : String(error);
    throw new Error(`${variable} does not work: ${reason}. Check the address and the password, or unset it.`);
  } finally {
    await sql.end({ timeout: 2 });
  }
}
