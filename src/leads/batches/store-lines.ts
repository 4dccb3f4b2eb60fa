import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { insertNew } from '../../runtime/database/insert-new.ts';
import { newId } from '../../runtime/ids.ts';
import type { LeadRow } from '../leads/repository.ts';
import type { LeadStatus } from '../leads/rules.ts';
import { leads } from '../leads/tables.ts';
import { keepPlansOfChecks } from './plans-of-checks.ts';
import type { ImportedLead } from './read-row.ts';
import { type ItemState, type LineError, type LineOutcome, lineError } from './rules.ts';
import { storeContacts } from './store-contacts.ts';
import { batchItems } from './tables.ts';

/** One line that was read: a lead, or what is wrong with it; the line of column names is neither. */
export type ReadLine = { line: number; lead: ImportedLead | null; errors: LineError[]; isHeader?: boolean };

export type StoreContext = {
  tx: Tx;
  tenantId: string;
  batchId: string;
  createdBy: string;
  /** Without triage nothing waits for a result. */
  triage: boolean;
  industry: string | null;
};

type KnownLead = Pick<
  LeadRow,
  'id' | 'domain' | 'status' | 'companyName' | 'industry' | 'notes' | 'metadata'
>;
type Placed = { line: number; lead: ImportedLead; row: KnownLead; outcome: LineOutcome };

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
  const known = await findKnown(ctx, firsts);
  const seen = await seenInBatch(ctx, [...known.values()]);
  const placed = place(good, { added, known, seen });
  await fillEmpty(
    ctx,
    placed.filter((one) => one.outcome !== 'created'),
  );
  await storeContacts(
    ctx.tx,
    ctx,
    placed.flatMap(({ row, lead }) => (lead.contact ? [{ leadId: row.id, contact: lead.contact }] : [])),
  );
  const placeOf = new Map(placed.map((one) => [one.line, one]));
  const items = fresh.map((one) => toItem(ctx, one, placeOf.get(one.line)));
  await keepPlansOfChecks(ctx.tx);
  await insertNew(ctx.tx, batchItems, items);
}

/** Finds each line's lead, in the order of the lines: the first one of a domain makes it, the next are folded. */
function place(
  good: readonly ImportedLead[],
  at: { added: ReadonlySet<string>; known: ReadonlyMap<string, KnownLead>; seen: Set<string> },
): Placed[] {
  return good.flatMap((lead) => {
    const row = at.known.get(lead.domain);
    if (!row) return [];
    const isFolded = at.seen.has(row.id);
    at.seen.add(row.id);
    const outcome: LineOutcome = isFolded ? 'duplicate' : at.added.has(row.id) ? 'created' : 'updated';
    return [{ line: lead.line, lead, row, outcome }];
  });
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

/** Adds leads whose domain is new; tells the ids under which they are known where that was so. */
async function addNew(ctx: StoreContext, rows: readonly ImportedLead[]): Promise<Set<string>> {
  // Always in the same order: two imports that meet wait for each other and never in a circle.
  const ordered = rows.toSorted((a, b) => (a.domain < b.domain ? -1 : 1));
  const values = ordered.map((row) => ({
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
  await insertNew(ctx.tx, leads, values);
  return new Set(values.map((one) => one.id));
}

async function findKnown(ctx: StoreContext, of: readonly ImportedLead[]): Promise<Map<string, KnownLead>> {
  if (of.length === 0) return new Map();
  const domains = of.map((lead) => lead.domain);
  const { id, domain, status, companyName, industry, notes, metadata } = leads;
  const rows = await ctx.tx
    .select({ id, domain, status, companyName, industry, notes, metadata })
    .from(leads)
    .where(and(eq(leads.tenantId, ctx.tenantId), inArray(leads.domain, domains), isNull(leads.deletedAt)));
  return new Map(rows.map((row) => [row.domain, row]));
}

async function seenInBatch(ctx: StoreContext, of: readonly KnownLead[]): Promise<Set<string>> {
  if (of.length === 0) return new Set();
  const ids = of.map((lead) => lead.id);
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

/** Fills what the leads do not know yet; what they know stays. */
async function fillEmpty(ctx: StoreContext, placed: readonly Placed[]): Promise<void> {
  for (const { row, lead } of placed.toSorted((a, b) => (a.row.id < b.row.id ? -1 : 1))) {
    const industry = lead.industry ?? ctx.industry;
    const hasNews =
      (row.companyName === null && lead.companyName !== null) ||
      (row.industry === null && industry !== null) ||
      (row.notes === null && lead.notes !== null) ||
      Object.keys(lead.metadata).some((name) => !Object.hasOwn(row.metadata, name));
    if (!hasNews) continue;
    await ctx.tx
      .update(leads)
      .set({
        companyName: sql`coalesce(${leads.companyName}, ${lead.companyName})`,
        industry: sql`coalesce(${leads.industry}, ${industry})`,
        notes: sql`coalesce(${leads.notes}, ${lead.notes})`,
        metadata: sql`${JSON.stringify(lead.metadata)}::jsonb || ${leads.metadata}`,
      })
      .where(and(eq(leads.tenantId, ctx.tenantId), eq(leads.id, row.id)));
  }
}

function toItem(
  ctx: StoreContext,
  { line, lead, errors, isHeader }: ReadLine,
  placed: Placed | undefined,
): typeof batchItems.$inferInsert {
  const key = { tenantId: ctx.tenantId, batchId: ctx.batchId, line };
  if (isHeader) return { ...key, leadId: null, outcome: 'header', state: 'none', errors };
  if (!placed) {
    const gone = lineError(null, 'conflict', 'The lead was removed in this very moment. Import it again.');
    const reasons = lead ? [...errors, gone] : errors;
    return { ...key, leadId: null, outcome: 'rejected', state: 'none', errors: reasons };
  }
  const waits = ctx.triage && placed.outcome !== 'duplicate';
  const state = waits ? stateOf(placed.row.status) : 'none';
  return { ...key, leadId: placed.row.id, outcome: placed.outcome, state, errors };
}

/** A lead that has its result counts at once; one without waits for its triage. */
function stateOf(status: LeadStatus): ItemState {
  if (status === 'new' || status === 'scanning') return 'pending';
  return status === 'disqualified' ? 'disqualified' : 'qualified';
}
