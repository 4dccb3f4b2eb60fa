import { and, eq, lte, sql } from 'drizzle-orm';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { CLAIM_MS, KEPT_MS } from './rules.ts';
import { idempotencyKeys } from './tables.ts';

/** One Idempotency-Key as one principal uses it on one route. */
export type KeyUse = {
  tenantId: string;
  principalId: string;
  /** Method and path template. */
  route: string;
  key: string;
  /** SHA-256 of method, path and body, hex. */
  requestHash: string;
};

export type StoredAnswer = { status: number; headers: Record<string, string>; body: unknown };

/** Status of a row whose handler is still at work. */
const CLAIMED = 0;

/**
 * Locks the key until the transaction ends and returns the answer stored for it, or null when the request
 * is to be carried out. Throws `idempotency_key_in_progress` while another request holds the key, and
 * `idempotency_key_mismatch` when the key came with another request before.
 */
export async function lockKey(tx: Tx, use: KeyUse, now: Date): Promise<StoredAnswer | null> {
  const name = JSON.stringify([use.tenantId, use.principalId, use.route, use.key]);
  const {
    rows: [lock],
  } = await tx.execute<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`,
  );
  if (!lock?.locked) throw inProgress();
  const [row] = await tx.select().from(idempotencyKeys).where(sameKey(use));
  if (!row || row.expiresAt <= now) return null;
  if (row.requestHash !== use.requestHash) {
    throw new AgosError('idempotency_key_mismatch', 'This Idempotency-Key came with another request before.');
  }
  if (row.status === CLAIMED) throw inProgress();
  return { status: row.status, headers: row.headers, body: row.body };
}

/** Claims a locked key for a handler that works outside this transaction. */
export async function claimKey(tx: Tx, use: KeyUse, now: Date): Promise<void> {
  await replace(tx, use, {
    answer: { status: CLAIMED, headers: {}, body: null },
    now,
    expiresAt: new Date(now.getTime() + CLAIM_MS),
  });
}

/** Stores the final answer of a key, in the transaction of the change that it answers for. */
export async function storeAnswer(tx: Tx, use: KeyUse, answer: StoredAnswer, now: Date): Promise<void> {
  await replace(tx, use, { answer, now, expiresAt: new Date(now.getTime() + KEPT_MS) });
}

/** Gives a claimed key back after an answer that is not final. */
export async function releaseKey(tx: Tx, use: KeyUse): Promise<void> {
  await tx.delete(idempotencyKeys).where(sameKey(use));
}

/** Forgets the tenant's keys that are past their time, so many at most; tells how many. */
export async function forgetExpiredKeys(tx: Tx, now: Date, most = 1_000): Promise<number> {
  const expired = tx
    .select({ row: sql`ctid` })
    .from(idempotencyKeys)
    .where(lte(idempotencyKeys.expiresAt, now))
    .limit(most);
  const { rowCount } = await tx
    .delete(idempotencyKeys)
    .where(and(lte(idempotencyKeys.expiresAt, now), sql`ctid in ${expired}`));
  return rowCount ?? 0;
}

async function replace(
  tx: Tx,
  use: KeyUse,
  what: { answer: StoredAnswer; now: Date; expiresAt: Date },
): Promise<void> {
  await releaseKey(tx, use);
  await tx
    .insert(idempotencyKeys)
    .values({ ...use, ...what.answer, createdAt: what.now, expiresAt: what.expiresAt });
}

const sameKey = (use: KeyUse) =>
  and(
    eq(idempotencyKeys.tenantId, use.tenantId),
    eq(idempotencyKeys.principalId, use.principalId),
    eq(idempotencyKeys.route, use.route),
    eq(idempotencyKeys.key, use.key),
  );

function inProgress(): AgosError {
  return new AgosError(
    'idempotency_key_in_progress',
    'A request with this Idempotency-Key is being carried out. Ask again for its answer.',
    { retryAfterSeconds: 1 },
  );
}
