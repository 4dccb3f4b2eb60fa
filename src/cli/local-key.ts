import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres, { type Sql } from 'postgres';
import { hashOfKey } from '../access/keys/secret.ts';
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
  const file = join(dataDir, 'local-tenant.json');
  const kept = read(file);
  const { DATABASE_ADMIN_URL: adminUrl, AGOS_API_KEY: given } = environment;
  if (!adminUrl) {
    const key = given ?? kept?.api_key;
    if (key) return key;
    throw new CliError(EXIT.usage, 'Set AGOS_API_KEY, or DATABASE_ADMIN_URL to have a key made.');
  }
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    if (kept && (await isGood(sql, kept.api_key))) return kept.api_key;
    const tenant = await createTenant(sql, { name: 'local' });
    const { key } = await createKeyAsAdmin(sql, { tenant: tenant.id, role: 'owner', name: 'local stack' });
    writeFileSync(file, JSON.stringify({ tenant: tenant.id, api_key: key }), { mode: 0o600 });
    return key;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Another database may have come under the folder, or the key may have been revoked. */
async function isGood(sql: Sql, key: string): Promise<boolean> {
  const [known] = await sql`select 1 from api_keys where hash = ${hashOfKey(key)} and revoked_at is null
    and (expires_at is null or expires_at > now())`;
  return known !== undefined;
}

function read(file: string): Local | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Local;
  } catch {
    return null;
  }
}
