import { and, eq, isNull, sql } from 'drizzle-orm';
import { AgosError } from '../../kernel/errors.ts';
import type { Database } from '../../runtime/database/database.ts';
import { together } from '../../runtime/together.ts';
import { type Identity, identityOf } from '../identity/identity.ts';
import { tenants } from '../tenants/tables.ts';
import { markKeyUsed } from './repository.ts';
import { hashOfKey, looksLikeKey } from './secret.ts';
import { apiKeys } from './tables.ts';

const USE_RECORDED_EVERY_MS = 10 * 60 * 1000;

/**
 * Tells the identity of a live API key, or null for any other text. Keys that come while others are looked up
 * are looked up by the next statement, together: a burst is not a queue at the few connections of this door.
 */
export function createKeyVerifier(db: Database): (key: string, now: Date) => Promise<Identity | null> {
  const find = together((hashes: readonly string[]) => findKeys(db, hashes));
  /** Keys whose use is being recorded: once for a burst. */
  const recording = new Set<string>();
  return async (key, now) => {
    if (!looksLikeKey(key)) return null;
    const found = await find(hashOfKey(key));
    if (!found || (found.key.expiresAt && found.key.expiresAt <= now)) return null;
    const { id, name, role, scopes } = found.key;
    const identity = identityOf({ tenant: found.tenant, principal: { kind: 'key', id, name }, role, scopes });
    if (isUseDue(found, now) && !recording.has(id)) {
      recording.add(id);
      await recordUse(db, identity, now).finally(() => recording.delete(id));
    }
    return identity;
  };
}

type Found = { key: typeof apiKeys.$inferSelect; tenant: typeof tenants.$inferSelect };

async function findKeys(db: Database, hashes: readonly string[]): Promise<(Found | null)[]> {
  const found = await db.withSystem('key_by_hash', (tx) =>
    tx
      .select({ key: apiKeys, tenant: tenants })
      .from(apiKeys)
      .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
      .where(
        and(
          // One text however many they are, so that the statement is prepared.
          sql`${apiKeys.hash} = any(${sql.param([...new Set(hashes)])})`,
          isNull(apiKeys.revokedAt),
          isNull(tenants.deletedAt),
        ),
      ),
  );
  const byHash = new Map(found.map((one) => [one.key.hash, one]));
  return hashes.map((hash) => byHash.get(hash) ?? null);
}

function isUseDue({ key: { lastUsedAt } }: Found, now: Date): boolean {
  return !lastUsedAt || now.getTime() - lastUsedAt.getTime() > USE_RECORDED_EVERY_MS;
}

/** Reading goes on where nothing can be written: the use is recorded another time. */
async function recordUse(db: Database, { scope, tenant, principal }: Identity, now: Date): Promise<void> {
  await db.withTenant(scope, (tx) => markKeyUsed(tx, tenant.id, principal.id, now)).catch(unlessUnavailable);
}

function unlessUnavailable(error: unknown): void {
  const passing = error instanceof AgosError && error.code.startsWith('database_');
  if (!passing) throw error;
}
