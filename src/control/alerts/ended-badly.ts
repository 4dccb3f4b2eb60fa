import { and, count, eq, gte, isNull, max, ne, sql } from 'drizzle-orm';
import { runs } from '../../journal/runs/tables.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { webhookEndpoints } from '../webhooks/tables.ts';
import { afterMs, alertKey, type Finding, type Known } from './rules.ts';

type At = { tenant: string; now: Date; known: Known };

const DAY_MS = 86_400_000;
const IMPORTS = { kind: 'import_failed', subject: 'imports' } as const;

/** A tenant's imports that have failed within a day, or since a person said that they are settled. */
export async function failedImports(tx: Tx, { tenant, now, known }: At): Promise<Finding[]> {
  const key = alertKey(IMPORTS);
  const since = new Date(Math.max(now.getTime() - DAY_MS, afterMs(known.settled.get(key))));
  const seen = new Date(afterMs(known.open.get(key)?.lastSeenAt));
  const [row] = await tx
    .select({
      total: count(),
      fresh: sql`count(*) filter (where ${runs.endedAt} >= ${seen.toISOString()}::timestamptz)`.mapWith(
        Number,
      ),
      newest: max(runs.endedAt),
    })
    .from(runs)
    .where(
      and(
        eq(runs.tenantId, tenant),
        eq(runs.kind, 'import-leads'),
        eq(runs.status, 'failed'),
        gte(runs.endedAt, since),
      ),
    );
  if (!row?.newest) return [];
  const { total, fresh, newest } = row;
  const what = total === 1 ? 'An import has failed' : `${total} imports have failed`;
  const summary = `${what} within a day: the batch says why. Put it right and import the file again; leads that are there already are not added twice.`;
  return [{ ...IMPORTS, severity: 'warning', summary, fresh, seenAt: newest }];
}

/** A tenant's webhook endpoints that nothing is sent to any more, and that nobody asked to disable. */
export async function disabledEndpoints(tx: Tx, { tenant, known }: At): Promise<Finding[]> {
  const rows = await tx
    .select({
      id: webhookEndpoints.id,
      reason: webhookEndpoints.disabledReason,
      at: webhookEndpoints.disabledAt,
    })
    .from(webhookEndpoints)
    .where(
      and(
        eq(webhookEndpoints.tenantId, tenant),
        eq(webhookEndpoints.status, 'disabled'),
        ne(webhookEndpoints.disabledReason, 'by_request'),
        isNull(webhookEndpoints.deletedAt),
      ),
    );
  return rows.flatMap(({ id, reason, at }) => {
    const cause = { kind: 'webhook_disabled', subject: id } as const;
    const key = alertKey(cause);
    if (!at || at.getTime() < afterMs(known.settled.get(key))) return [];
    const why = reason === 'gone' ? 'Its receiver answered 410' : 'It had failed for five days';
    const summary = `The webhook endpoint ${id} is disabled. ${why}, and nothing is sent to it. Put the receiver right, enable the endpoint, and have what failed sent again; or delete it.`;
    return [{ ...cause, severity: 'warning', summary, fresh: known.open.has(key) ? 0 : 1, seenAt: at }];
  });
}
