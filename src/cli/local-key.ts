import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { createKeyAsAdmin, createTenant } from '../access/tenants/create-tenant.ts';
import { changePlan } from '../control/quotas/change-plan.ts';
import { CliError, EXIT } from './exit.ts';

type Local = { tenant: string; api_key: string };

export type LocalKeyOptions = {
  dataDir: string;
  /** The stack's environment: the owner's connection, or a key where there is none. */
  environment: Record<string, string | undefined>;
  /** Address of the API that has to know the key. */
  url: string;
};

/**
 * An API key that the server at `url` knows: the one that this data folder keeps, else a new one of a tenant of
 * its own. Only where there is no owner's connection to make one, `AGOS_API_KEY` may name one.
 */
export async function provideLocalKey({ dataDir, environment, url }: LocalKeyOptions): Promise<string> {
  const file = join(dataDir, 'local-tenant.json');
  const { DATABASE_ADMIN_URL: adminUrl, AGOS_API_KEY: given } = environment;
  for (const key of [read(file)?.api_key, adminUrl ? undefined : given]) {
    if (key && (await isKnown(url, key))) return key;
  }
  if (!adminUrl) {
    throw new CliError(
      EXIT.usage,
      'No key of this database is at hand: set AGOS_API_KEY to one (`npx agos token` makes it), or DATABASE_ADMIN_URL to have one made.',
    );
  }
  const made = await makeKey(adminUrl);
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  return made.api_key;
}

async function makeKey(adminUrl: string): Promise<Local> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const tenant = await createTenant(sql, { name: 'local' });
    // Nobody sells anything to the owner of this machine.
    await changePlan(sql, { tenant: tenant.id, now: new Date(), plan: 'dominance' });
    const { key } = await createKeyAsAdmin(sql, { tenant: tenant.id, role: 'owner', name: 'local stack' });
    return { tenant: tenant.id, api_key: key };
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** Only a clear no counts: a new tenant made because of a hiccup would hide all leads of the old one. */
async function isKnown(url: string, key: string): Promise<boolean> {
  const answer = await fetch(`${url}/v1/me`, { headers: { authorization: `Bearer ${key}` } });
  if (answer.ok) return true;
  if (answer.status === 401) return false;
  throw new CliError(EXIT.unreachable, `The API could not check its key: it answers ${answer.status}.`);
}

function read(file: string): Local | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Local;
  } catch {
    return null;
  }
}
