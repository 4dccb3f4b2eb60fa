import postgres from 'postgres';
import { type ExternalPostgres, probePostgres } from './find.ts';

export type PostgresExamination = { version: string; notes: string[] };

/** Version of a server, and what is wrong with the roles that AgOS is to use there. */
export async function examinePostgres(found: ExternalPostgres): Promise<PostgresExamination> {
  const version = await probePostgres(found.url, 'DATABASE_URL');
  await probePostgres(found.systemUrl, 'DATABASE_SYSTEM_URL');
  const named = [
    ['DATABASE_URL', found.url],
    ['DATABASE_SYSTEM_URL', found.systemUrl],
  ] as const;
  const notes: string[] = [];
  for (const [variable, url] of named) {
    if (await escapesRowSecurity(url)) {
      notes.push(
        `${variable} connects as a role that row-level security does not bind: use the roles of "agos migrate".`,
      );
    }
  }
  if (found.adminUrl) await probePostgres(found.adminUrl, 'DATABASE_ADMIN_URL');
  return { version, notes };
}

async function escapesRowSecurity(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    const [role] = await sql<{ escapes: boolean }[]>`
      select rolsuper or rolbypassrls as escapes from pg_roles where rolname = current_user`;
    return role?.escapes ?? true;
  } finally {
    await sql.end({ timeout: 2 });
  }
}
