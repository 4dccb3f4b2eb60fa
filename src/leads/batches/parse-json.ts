import { AgosError } from '../../kernel/errors.ts';
import { MAX_COLUMNS } from './csv-header.ts';
import { requireModestJson } from './json-size.ts';
import { requireLines } from './line-limit.ts';
import type { ImportRow } from './read-row.ts';
import { type LineError, lineError } from './rules.ts';

/** The rows of a JSON import as they were sent: an array, or the records of an Airtable view. */
export type JsonRows = { format: 'json' | 'airtable'; values: unknown[] };

type Cell = string | number | boolean | null;

/**
 * Reads a JSON import; throws `invalid_json`, `validation_failed` or `too_many_lines` when it is none. Rows are
 * looked into one by one, by `toJsonRow`: a schema over all of them would keep its findings on each.
 */
export function parseJson(text: string): JsonRows {
  requireModestJson(text);
  const value = parseText(text);
  const records = recordsOf(value);
  const rows = records ?? value;
  if (!Array.isArray(rows)) {
    throw new AgosError(
      'validation_failed',
      'Send an array of rows, or the records of an Airtable view: {"records": [{"fields": {...}}]}.',
    );
  }
  if (rows.length === 0) throw new AgosError('validation_failed', 'The file has no rows.');
  requireLines(rows.length);
  return records ? { format: 'airtable', values: records.map(fieldsOf) } : { format: 'json', values: rows };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw new AgosError('invalid_json', 'The file is not valid JSON.');
  }
}

/** The records of an Airtable list answer: `{records: [{id, fields}]}`. */
function recordsOf(value: unknown): unknown[] | null {
  return isObject(value) && Array.isArray(value.records) ? value.records : null;
}

const fieldsOf = (record: unknown): unknown => (isObject(record) ? record.fields : undefined);

/** One row; its number counts from 1, since JSON has no lines that a person would count. */
export function toJsonRow(value: unknown, line: number): ImportRow {
  if (!isObject(value)) return badRow(line, 'row_invalid', 'The row is not an object.');
  const entries = Object.entries(value);
  if (entries.length > MAX_COLUMNS) {
    return badRow(line, 'column_count', `The row has more than ${MAX_COLUMNS} cells.`);
  }
  const leftOut: LineError[] = [];
  const named = entries.flatMap(([name, one]) => {
    if (isCell(one) || (Array.isArray(one) && one.every(isCell))) return [[name, asText(one)] as const];
    leftOut.push(lineError(name, 'cell_invalid', 'The value is not plain text, number or list; left out.'));
    return [];
  });
  return { line, cells: Object.fromEntries(named), errors: [], leftOut };
}

function badRow(line: number, code: string, reason: string): ImportRow {
  return { line, cells: {}, errors: [lineError(null, code, reason)], leftOut: [] };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON knows numbers that are none of ours: 1e400 is read as infinity. */
function isCell(value: unknown): value is Cell {
  if (typeof value === 'number') return Number.isFinite(value);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function asText(value: Cell | Cell[]): string {
  if (Array.isArray(value)) return value.map((one) => asText(one)).join(', ');
  return value === null ? '' : String(value);
}
