import { and, eq, isNull } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { leads } from './tables.ts';

export type LeadRow = typeof leads.$inferSelect;
export type NewLead = typeof leads.$inferInsert;

/** A live lead that the actor may see, or null. */
export async function findLead(tx: Tx, tenant: string, id: string): Promise<LeadRow | null> {
  const [row] = await tx.select().from(leads).where(live(tenant, id));
  return row ?? null;
}

/** A live lead, locked until the transaction ends, or null. */
export async function lockLead(tx: Tx, tenant: string, id: string): Promise<LeadRow | null> {
  const [row] = await tx.select().from(leads).where(live(tenant, id)).for('update');
  return row ?? null;
}

/** The live lead of a canonical domain that the actor may see, or null. */
export async function findLeadByDomain(tx: Tx, tenant: string, domain: string): Promise<LeadRow | null> {
  const [row] = await tx
    .select()
    .from(leads)
    .where(and(eq(leads.tenantId, tenant), eq(leads.domain, domain), isNull(leads.deletedAt)));
  return row ?? null;
}

/** Adds a lead; null when a live lead of the tenant has the domain already. */
export async function insertLead(tx: Tx, lead: NewLead): Promise<LeadRow | null> {
  const [row] = await tx.insert(leads).values(lead).onConflictDoNothing().returning();
  return row ?? null;
}

/** Changes columns of one live lead; null when there is none that the actor may see. */
export async function changeLead(
  tx: Tx,
  tenant: string,
  id: string,
  change: Partial<NewLead>,
): Promise<LeadRow | null> {
  const [row] = await tx.update(leads).set(change).where(live(tenant, id)).returning();
  return row ?? null;
}

const live = (tenant: string, id: string) =>
  and(eq(leads.tenantId, tenant), eq(leads.id, id), isNull(leads.deletedAt));
