import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { addContacts } from '../contacts/repository.ts';
import type { LeadRow } from '../leads/repository.ts';
import type { LeadStatus } from '../leads/rules.ts';
import { leads } from '../leads/tables.ts';
import type { ImportedLead } from './read-row.ts';
import type { ItemState, LineError, LineOutcome } from './rules.ts';
import { batchItems } from './tables.ts';

/** Lines that were read: good ones as leads, bad ones with their errors. */
export type ReadLine = { line: number; lead: ImportedLead | null; errors: LineError[] };

export type StoreContext = {
  tx: Tx;
  tenantId: string;
  batchId: string;
  createdBy: string;
  /** Without triage nothing waits for a result. */
  triage: boolean;
  industry: string | null;
};

/**
 * Stores a chunk of lines: new leads are added, live ones of the same domain get only their empty fields
 * filled, a domain that the batch has seen is folded. Lines that are stored already are left as they are,
 * so a repeated chunk changes nothing.
 */
export async function storeLines(ctx: StoreContext, lines: readonly ReadLine[]): Promise<void> {
  const fresh = await withoutStored(ctx, lines);
  const good = fresh.flatMap((one) => (one.lead ? [one.lead] : []));
  const firsts = [...new Map(good.toReversed().map((lead) => [lead.domain, lead])).values()];
  const added = await addNew(ctx, firsts);
  const known = await findKnown(
    ctx,
    firsts.map((lead) => lead.domain),
  );
  const seen = await seenInBatch(
    ctx,
    [...known.values()].map((lead) => lead.id),
  );
  const items: (typeof batchItems.$inferInsert)[] = [];
  for (const { line, lead, errors } of fresh) {
    const row = lead && known.get(lead.domain);
    if (!lead || !row) {
      items.push(item(ctx, { line, leadId: null, outcome: 'rejected', state: 'none', errors }));
      continue;
    }
    const isNew = added.has(row.id) && !seen.has(row.id);
    const folded = seen.has(row.id);
    seen.add(row.id);
    if (!isNew) await fillEmpty(ctx, row, lead);
    if (lead.contact) await addContacts(ctx.tx, contactOwner(ctx, row.id), [lead.contact]);
    const outcome: LineOutcome = folded ? 'duplicate' : isNew ? 'created' : 'updated';
    const state = folded || !ctx.triage ? 'none' : stateOf(row.status);
    items.push(item(ctx, { line, leadId: row.id, outcome, state, errors }));
  }
  if (items.length > 0) await ctx.tx.insert(batchItems).values(items).onConflictDoNothing();
}

async function withoutStored(ctx: StoreContext, lines: readonly ReadLine[]): Promise<ReadLine[]> {
  if (lines.length === 0) return [];
  const stored = await ctx.tx
    .select({ line: batchItems.line })
    .from(batchItems)
    .where(
      and(
        eq(batchItems.tenantId, ctx.tenantId),
        eq(batchItems.batchId, ctx.batchId),
        inArray(
          batchItems.line,
          lines.map((one) => one.line),
        ),
      ),
    );
  const known = new Set(stored.map((one) => one.line));
  return lines.filter((one) => !known.has(one.line));
}

async function addNew(ctx: StoreContext, rows: readonly ImportedLead[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const values = rows.map((row) => ({
    tenantId: ctx.tenantId,
    id: newId(),
    url: row.url,
    domain: row.domain,
    companyName: row.companyName,
    industry: row.industry ?? ctx.industry,
    notes: row.notes,
    metadata: row.metadata,
    source: 'import' as const,
    batchId: ctx.batchId,
    createdBy: ctx.createdBy,
  }));
  const added = await ctx.tx.insert(leads).values(values).onConflictDoNothing().returning({ id: leads.id });
  return new Set(added.map((one) => one.id));
}

async function findKnown(ctx: StoreContext, domains: string[]): Promise<Map<string, LeadRow>> {
  if (domains.length === 0) return new Map();
  const rows = await ctx.tx
    .select()
    .from(leads)
    .where(and(eq(leads.tenantId, ctx.tenantId), inArray(leads.domain, domains), isNull(leads.deletedAt)));
  return new Map(rows.map((row) => [row.domain, row]));
}

async function seenInBatch(ctx: StoreContext, ids: string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await ctx.tx
    .select({ leadId: batchItems.leadId })
    .from(batchItems)
    .where(
      and(
        eq(batchItems.tenantId, ctx.tenantId),
        eq(batchItems.batchId, ctx.batchId),
        inArray(batchItems.leadId, ids),
      ),
    );
  return new Set(rows.flatMap((row) => (row.leadId ? [row.leadId] : [])));
}

/** Fills what the lead does not know yet; what it knows stays. */
async function fillEmpty(ctx: StoreContext, row: LeadRow, from: ImportedLead): Promise<void> {
  const news =
    (row.companyName === null && from.companyName !== null) ||
    (row.industry === null && from.industry !== null) ||
    (row.notes === null && from.notes !== null) ||
    Object.keys(from.metadata).some((name) => !Object.hasOwn(row.metadata, name));
  if (!news) return;
  await ctx.tx
    .update(leads)
    .set({
      companyName: sql`coalesce(${leads.companyName}, ${from.companyName})`,
      industry: sql`coalesce(${leads.industry}, ${from.industry})`,
      notes: sql`coalesce(${leads.notes}, ${from.notes})`,
      metadata: sql`${JSON.stringify(from.metadata)}::jsonb || ${leads.metadata}`,
    })
    .where(and(eq(leads.tenantId, ctx.tenantId), eq(leads.id, row.id)));
}

/** A lead that has its result counts at once; one without waits for its triage. */
function stateOf(status: LeadStatus): ItemState {
  if (status === 'new' || status === 'scanning') return 'pending';
  return status === 'disqualified' ? 'disqualified' : 'qualified';
}

const contactOwner = (ctx: StoreContext, leadId: string) => ({
  tenantId: ctx.tenantId,
  leadId,
  createdBy: ctx.createdBy,
});

function item(
  ctx: StoreContext,
  about: { line: number; leadId: string | null; outcome: LineOutcome; state: ItemState; errors: LineError[] },
): typeof batchItems.$inferInsert {
  return { tenantId: ctx.tenantId, batchId: ctx.batchId, ...about };
}
