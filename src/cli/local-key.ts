import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { createKeyAsAdmin, createTenant } from '../access/tenants/create-tenant.ts';
import { CliError, EXIT } from './exit.ts';

type Local = { tenant: string; api_key: string };

/**
 * The API key of this data folder's own tenant, made at the first call. Without the owner's connection the
 * folder must hold one already, or `AGOS_API_KEY` name one.
 */
export async function provideLocalKey(
  environment: Record<string, string | undefined>,
  dataDir: string,
): Promise<string> {
  if (environment.AGOS_API_KEY) return environment.AGOS_API_KEY;
  const adminUrl = environment.DATABASE_ADMIN_URL;
  if (!adminUrl)
    throw new CliError(EXIT.usage, 'Set AGOS_API_KEY, or DATABASE_ADMIN_URL to have a key made.');
  const file = join(dataDir, 'local-tenant.json');
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const kept = read(file);
    if (kept) {
      const [known] = await sql`select 1 from tenants where id = ${kept.tenant}`;
      if (known) return kept.api_key;
    }
    const tenant = await createTenant(sql, { name: 'local' });
    const { key } = await createKeyAsAdmin(sql, { tenant: tenant.id, role: 'owner', name: 'local stack' });
    writeFileSync(file, JSON.stringify({ tenant: tenant.id, api_key: key }), { mode: 0o600 });
    return key;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

function read(file: string): Local | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Local;
  } catch {
    return null;
  }
}
