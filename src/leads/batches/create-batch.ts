import { type ImportLeadsInput, importWorkflowId } from '../../../workflows/leads/import-leads/messages.ts';
import type { AssetStore, PutFile } from '../../assets/files/store.ts';
import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { type RunRow, requestRun } from '../../journal/runs/repository.ts';
import { AgosError } from '../../kernel/errors.ts';
import { newId } from '../../runtime/ids.ts';
import { currentTraceparent } from '../../runtime/telemetry/spans.ts';
import { type BatchRow, insertBatch } from './repository.ts';
import type { CreateBatchQuery } from './schemas.ts';
import { toUtf8 } from './to-utf8.ts';

/** CSV is read piece by piece, JSON only as a whole. */
export const MAX_CSV_BYTES = 25_000_000;
export const MAX_JSON_BYTES = 10_000_000;

export type CreateBatchInput = CreateBatchQuery & { file: PutFile };

/** Stores the bytes of a file of leads, before the transaction of `createBatch`. Throws `body_too_large`. */
export async function putBatchFile(
  assets: Pick<AssetStore, 'put'>,
  tenant: string,
  { bytes, mime }: { bytes: Uint8Array; mime: string },
): Promise<PutFile> {
  requireSize(bytes, isCsv(mime) ? MAX_CSV_BYTES : MAX_JSON_BYTES);
  return assets.put({ tenant, mime, bytes: toUtf8(bytes) });
}

const isCsv = (mime: string): boolean => mime === 'text/csv';

/** Adds a stored file of leads, its batch and the run that will import it. */
export async function createBatch(
  ctx: RequestContext & { assets: Pick<AssetStore, 'record'> },
  input: CreateBatchInput,
): Promise<{ batch: BatchRow; run: RunRow }> {
  const { tx, scope } = ctx;
  const { file, name } = input;
  const format = isCsv(file.mime) ? 'csv' : 'json';
  const asset = await ctx.assets.record(tx, file, {
    leadId: null,
    auditId: null,
    kind: 'import_file',
    filename: name,
    createdBy: scope.actor.id,
  });
  const id = newId();
  const run = await request(ctx, { batchId: id, name });
  const batch = await insertBatch(tx, {
    tenantId: scope.tenant,
    id,
    name,
    format,
    fileAssetId: asset.id,
    options: { triage: input.triage, ...(input.industry !== undefined && { industry: input.industry }) },
    runId: run.id,
    createdBy: scope.actor.id,
  });
  await recordAudit(ctx, {
    action: 'batch.created',
    resourceType: 'batch',
    resourceId: id,
    details: { run_id: run.id, file_asset_id: asset.id, triage: input.triage },
  });
  return { batch, run };
}

async function request(ctx: RequestContext, about: { batchId: string; name: string }): Promise<RunRow> {
  const { tenant, actor } = ctx.scope;
  const runId = newId();
  const input: ImportLeadsInput = {
    version: 1,
    tenant,
    run_id: runId,
    principal_id: actor.id,
    batch_id: about.batchId,
  };
  const { run } = await requestRun(ctx.tx, {
    id: runId,
    tenantId: tenant,
    kind: 'import-leads',
    workflowId: importWorkflowId(tenant, about.batchId),
    input,
    subjectId: about.batchId,
    target: about.name,
    createdBy: actor.id,
    requestId: ctx.requestId,
    traceparent: currentTraceparent(),
  });
  return run;
}

function requireSize(bytes: Uint8Array, maxBytes: number): void {
  if (bytes.byteLength <= maxBytes) return;
  throw new AgosError('body_too_large', `A file of this kind may have at most ${maxBytes} bytes.`, {
    max_bytes: maxBytes,
  });
}
