import { and, eq, isNull } from 'drizzle-orm';
import { AgosError } from '../../kernel/errors.ts';
import type { Database } from '../../runtime/database/database.ts';
import { type Identity, identityOf } from '../identity/identity.ts';
import { tenants } from '../tenants/tables.ts';
import { markKeyUsed } from './repository.ts';
import { hashOfKey, looksLikeKey } from './secret.ts';
import { apiKeys } from './tables.ts';

const USE_RECORDED_EVERY_MS = 10 * 60 * 1000;

/** The identity of a live API key, or null for any other text. */
export async function verifyKey(db: Database, key: string, now: Date): Promise<Identity | null> {
  if (!looksLikeKey(key)) return null;
  const [found] = await db.withSystem('key_by_hash', (tx) =>
    tx
      .select({ key: apiKeys, tenant: tenants })
      .from(apiKeys)
      .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
      .where(and(eq(apiKeys.hash, hashOfKey(key)), isNull(apiKeys.revokedAt), isNull(tenants.deletedAt))),
  );
  if (!found || (found.key.expiresAt && found.key.expiresAt <= now)) return null;
  const { id, name, role, scopes, lastUsedAt } = found.key;
  const identity = identityOf({ tenant: found.tenant, principal: { kind: 'key', id, name }, role, scopes });
  if (!lastUsedAt || now.getTime() - lastUsedAt.getTime() > USE_RECORDED_EVERY_MS) {
    // Reading goes on where nothing can be written: the use is recorded another time.
    await db
      .withTenant(identity.scope, (tx) => markKeyUsed(tx, found.key.tenantId, id, now))
      .catch(unlessUnavailable);
  }
  return identity;
}

function unlessUnavailable(error: unknown): void {
  const passing = error instanceof AgosError && error.code.startsWith('database_');
  if (!passing) throw error;
}
