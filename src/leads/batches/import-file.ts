import type { ImportLeadsInput, ImportPosition } from '../../../workflows/leads/import-leads/messages.ts';
import { type AssetRow, findAsset } from '../../assets/files/repository.ts';
import type { AssetStore } from '../../assets/files/store.ts';
import { systemScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../runtime/database/database.ts';
import type { UrlRules } from '../leads/stored-url.ts';
import { MAX_LINES, requireLines } from './line-limit.ts';
import { type OpenFile, openCsv, openJson } from './open-file.ts';
import { readRow } from './read-row.ts';
import { type BatchRow, changeBatch, findBatch, lockBatch } from './repository.ts';
import { type ReadLine, storeLines } from './store-lines.ts';

export type ImportFileDeps = {
  db: Database;
  clock: Clock;
  assets: Pick<AssetStore, 'read' | 'stream'>;
  urlRules: UrlRules;
};

/** How much one call reads before it gives the position back. */
export type ReadLimits = { chunkLines: number; lines: number; durationMs: number };

export type ReadOptions = {
  limits: ReadLimits;
  signal: AbortSignal;
  /** Hears where the next chunk begins, each time one is stored. */
  onPosition(position: ImportPosition): void;
};

/** How far the file was read; `busy` when it was not looked at, since another one is being read. */
export type LinesRead = { position: ImportPosition; done: boolean; busy: boolean };

/** What a JSON file becomes when it is parsed takes many times its bytes: a process holds one of them at a time. */
let isReadingJson = false;

/**
 * Works through the file from a position on, in transactions of one chunk each. Ends at the file's end, at
 * a limit, or when the batch has been ended by somebody else. Throws `csv_invalid`, `invalid_json`,
 * `validation_failed` or `too_many_lines` for a file that cannot be read at all, before any line is stored.
 */
export async function importLines(
  deps: ImportFileDeps,
  input: ImportLeadsInput,
  from: ImportPosition,
  options: ReadOptions,
): Promise<LinesRead> {
  const { batch, asset } = await find(deps, input);
  const ctx = { deps, input, batch };
  if (batch.format === 'csv') return importFrom(ctx, await openCsv(deps.assets, asset), from, options);
  if (isReadingJson) return { position: from, done: false, busy: true };
  isReadingJson = true;
  try {
    return await importFrom(ctx, await openJsonOf(ctx, asset), from, options);
  } finally {
    isReadingJson = false;
  }
}

type Import = { deps: ImportFileDeps; input: ImportLeadsInput; batch: BatchRow };

async function importFrom(
  ctx: Import,
  file: OpenFile,
  from: ImportPosition,
  options: ReadOptions,
): Promise<LinesRead> {
  const { deps } = ctx;
  if (from.lines_read === 0) requireLines(await file.countRows(MAX_LINES + 1));
  const deadline = deps.clock.now().getTime() + options.limits.durationMs;
  const isOver = (read: number) => read >= options.limits.lines || deps.clock.now().getTime() >= deadline;
  let position = from;
  let chunk: ReadLine[] = from.lines_read === 0 ? file.headerLines : [];
  let next = from;
  for await (const { row, offsetBytes, line } of file.rows(from)) {
    chunk.push(toLine(row, deps.urlRules));
    next = { ...next, offset_bytes: offsetBytes, next_line: line, lines_read: next.lines_read + 1 };
    if (chunk.length < options.limits.chunkLines) continue;
    if (!(await store(ctx, chunk))) return { position, done: true, busy: false };
    chunk = [];
    position = next;
    options.onPosition(position);
    options.signal.throwIfAborted();
    if (isOver(position.lines_read - from.lines_read)) return { position, done: false, busy: false };
  }
  await store(ctx, chunk);
  return { position: next, done: true, busy: false };
}

async function find(
  { db }: ImportFileDeps,
  { tenant, principal_id, batch_id }: ImportLeadsInput,
): Promise<{ batch: BatchRow; asset: AssetRow }> {
  const { batch, asset } = await db.withTenant(systemScope(tenant, principal_id), async (tx) => {
    const batch = await findBatch(tx, tenant, batch_id);
    return { batch, asset: batch && (await findAsset(tx, tenant, batch.fileAssetId)) };
  });
  if (!batch || !asset) throw new AgosError('not_found', 'The file of this import is gone.');
  return { batch, asset };
}

/** Opens the JSON file of a batch, which notes what kind of JSON it is. */
async function openJsonOf({ deps, input, batch }: Import, asset: AssetRow): Promise<OpenFile> {
  const { tenant, principal_id } = input;
  const { format, ...file } = await openJson(deps.assets, asset);
  if (format !== batch.format) {
    const scope = systemScope(tenant, principal_id);
    await deps.db.withTenant(scope, (tx) => changeBatch(tx, tenant, batch.id, { format }));
  }
  return file;
}

function toLine(row: Parameters<typeof readRow>[0], urlRules: UrlRules): ReadLine {
  const read = readRow(row, urlRules);
  if (Array.isArray(read)) return { line: row.line, lead: null, errors: read };
  return { line: row.line, lead: read, errors: read.errors };
}

/** False when somebody has ended the batch: then nothing is stored any more. */
async function store({ deps, input, batch }: Import, lines: readonly ReadLine[]): Promise<boolean> {
  const { tenant, principal_id: createdBy } = input;
  return deps.db.withTenant(systemScope(tenant, createdBy), async (tx) => {
    const locked = await lockBatch(tx, tenant, batch.id, 'share');
    if (locked?.status !== 'processing') return false;
    const { triage, industry = null } = batch.options;
    await storeLines({ tx, tenantId: tenant, batchId: batch.id, createdBy, triage, industry }, lines);
    return true;
  });
}
