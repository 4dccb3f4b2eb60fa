import { and, count, eq, sql } from 'drizzle-orm';
import { storableText } from '../../kernel/text.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import type { FetchFacts, LinkCheck } from '../../sites/fetch/facts.ts';
import type { LighthouseFacts } from '../../sites/lighthouse/facts.ts';
import type { PageFacts } from '../../sites/page/facts.ts';
import { audits } from './tables.ts';

export type AuditRow = typeof audits.$inferSelect;
export type NewAudit = typeof audits.$inferInsert;

/** What each step found, by step; a step that did not run is absent. */
export type AuditFacts = {
  fetch?: FetchFacts;
  page?: PageFacts;
  links?: LinkCheck[];
  lighthouse?: LighthouseFacts;
};

/** Adds an audit once: a repeated attempt of the same run changes nothing. */
export async function insertAudit(tx: Tx, audit: NewAudit): Promise<void> {
  await tx.insert(audits).values(audit).onConflictDoNothing();
}

/** An audit that the actor may see, or null. */
export async function findAudit(tx: Tx, tenant: string, id: string): Promise<AuditRow | null> {
  const [row] = await tx.select().from(audits).where(byId(tenant, id));
  return row ?? null;
}

/** The audit, locked until the transaction ends; rows that name it may still be added. */
export async function lockAudit(tx: Tx, audit: { tenant: string; id: string }): Promise<AuditRow | null> {
  const [row] = await tx.select().from(audits).where(byId(audit.tenant, audit.id)).for('no key update');
  return row ?? null;
}

/** What names an audit, its run and its lead; what was found on its site is large and left where it is. */
const NAMES = {
  tenantId: audits.tenantId,
  id: audits.id,
  runId: audits.runId,
  leadId: audits.leadId,
  createdBy: audits.createdBy,
};

/** The names of an audit, and of whom it belongs to. */
export type AuditNames = Pick<AuditRow, keyof typeof NAMES>;

/** Audits of every tenant that a workflow has begun and not ended, oldest first, after this id. */
export async function findAuditsInFlight(
  db: Database,
  page: { afterId?: string | undefined; limit: number },
): Promise<AuditNames[]> {
  return db.withSystem('audits_in_flight', (tx) => auditsInFlight(tx, page));
}

/** How many audits of all tenants are at work, and how many wait for a person. */
export async function countAuditsInFlight(db: Database): Promise<{ running: number; awaiting: number }> {
  const counts = { running: 0, awaiting: 0 };
  const rows = await db.withSystem('agents_at_work', (tx) =>
    tx
      .select({ status: sql<keyof typeof counts>`${audits.status}`, n: count() })
      .from(audits)
      .where(sql`${audits.status} in ('running', 'awaiting')`)
      .groupBy(audits.status),
  );
  for (const { status, n } of rows) counts[status] = n;
  return counts;
}

/** The statement itself; its condition is that of the index `audits_in_flight`, word for word. */
export function auditsInFlight(tx: Tx, { afterId, limit }: { afterId?: string | undefined; limit: number }) {
  return tx
    .select(NAMES)
    .from(audits)
    .where(
      and(
        sql`${audits.status} in ('running', 'awaiting')`,
        afterId ? sql`${audits.id} > ${afterId}::uuid` : undefined,
      ),
    )
    .orderBy(audits.id)
    .limit(limit);
}

/** Stores what one step found; a repeated attempt replaces it. */
export async function saveFacts<Step extends keyof AuditFacts>(
  tx: Tx,
  audit: { tenant: string; id: string },
  step: Step,
  found: NonNullable<AuditFacts[Step]>,
): Promise<void> {
  const patch = JSON.stringify({ [step]: found }, (_key, value: unknown) =>
    typeof value === 'string' ? storableText(value) : value,
  );
  await tx
    .update(audits)
    .set({ facts: sql`${audits.facts} || ${patch}::jsonb`, updatedAt: sql`now()` })
    .where(byId(audit.tenant, audit.id));
}

/** Changes columns of one audit. */
export async function changeAudit(
  tx: Tx,
  audit: { tenant: string; id: string },
  change: Partial<NewAudit>,
): Promise<void> {
  await tx
    .update(audits)
    .set({ ...change, updatedAt: sql`now()` })
    .where(byId(audit.tenant, audit.id));
}

/** Adds to what an audit has cost. */
export async function addAuditCost(
  tx: Tx,
  audit: { tenant: string; id: string },
  { cpuMs, microUsd }: { cpuMs: number; microUsd: number },
): Promise<void> {
  await tx
    .update(audits)
    .set({
      cpuMs: sql`${audits.cpuMs} + ${cpuMs}`,
      costMicroUsd: sql`${audits.costMicroUsd} + ${microUsd}`,
    })
    .where(byId(audit.tenant, audit.id));
}

/** The stored facts of an audit, typed. */
export const factsOf = (audit: AuditRow): AuditFacts => audit.facts as AuditFacts;

const byId = (tenant: string, id: string) => and(eq(audits.tenantId, tenant), eq(audits.id, id));
