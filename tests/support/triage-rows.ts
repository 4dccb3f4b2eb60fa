import type { AssetStore } from '../../src/assets/files/store.ts';
import type { TestDatabase } from './database.ts';
import { insertBatch, type Owner } from './rows.ts';

type Row = Record<string, unknown>;

/** Everything the database says of a lead's latest triage, past row-level security. */
export type TriageState = {
  lead: Row;
  run: Row;
  audit: Row | null;
  agentRun: Row | null;
  approval: Row | null;
  item: Row | null;
  /** The report's HTML. */
  report: string | null;
};

/** Reads the rows of a lead's newest run and audit, and the audit's report. */
export async function readTriageState(
  { admin }: TestDatabase,
  assets: AssetStore,
  leadId: string,
): Promise<TriageState> {
  const newest = async (table: string): Promise<Row | null> => {
    const [row] =
      await admin`select * from ${admin(table)} where lead_id = ${leadId} order by id desc limit 1`;
    return row ?? null;
  };
  const [lead] = await admin`select * from leads where id = ${leadId}`;
  const [item] = await admin`select * from batch_items where lead_id = ${leadId}`;
  const audit = await newest('audits');
  const [file] = await admin<{ tenantId: string; digest: string }[]>`
    select tenant_id as "tenantId", digest, size_bytes::int as "sizeBytes", storage_path as "storagePath" from assets where id = ${(audit?.report_asset_id as string) ?? null}`;
  const report = file ? new TextDecoder().decode(await assets.read(file as never)) : null;
  return {
    lead: lead!,
    run: (await newest('runs'))!,
    audit,
    agentRun: await newest('agent_runs'),
    approval: await newest('approvals'),
    item: item ?? null,
    report,
  };
}

/** A line of an import that waits for this lead's triage. */
export async function insertPendingLine(database: TestDatabase, owner: Owner, leadId: string): Promise<void> {
  const batch = await insertBatch(database, owner);
  await database.admin`insert into batch_items (tenant_id, batch_id, line, lead_id, outcome, state)
    values (${owner.tenant}, ${batch}, 2, ${leadId}, 'created', 'pending')`;
}
