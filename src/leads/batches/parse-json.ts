import { z } from 'zod';
import { AgosError } from '../../kernel/errors.ts';
import type { ImportRow } from './read-row.ts';
import { type LineError, lineError } from './rules.ts';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const cells = z.union([cell, z.array(cell)]);
const row = z.record(z.string(), z.unknown());
/** An Airtable list answer: `{records: [{id, fields}]}`. */
const airtable = z.object({ records: z.array(z.object({ fields: z.unknown() })) });

/** The rows of a JSON import as they were sent: an array, or the records of an Airtable view. */
export type JsonRows = { format: 'json' | 'airtable'; values: unknown[] };

/** Reads a JSON import; throws `invalid_json` or `validation_failed` when it is none. */
export function parseJson(text: string): JsonRows {
  const value = parseText(text);
  const view = airtable.safeParse(value);
  const rows: JsonRows | null = view.success
    ? { format: 'airtable', values: view.data.records.map((one) => one.fields) }
    : Array.isArray(value)
      ? { format: 'json', values: value }
      : null;
  if (rows && rows.values.length > 0) return rows;
  if (rows) throw new AgosError('validation_failed', 'The file has no rows.');
  throw new AgosError(
    'validation_failed',
    'Send an array of rows, or the records of an Airtable view: {"records": [{"fields": {...}}]}.',
  );
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw new AgosError('invalid_json', 'The file is not valid JSON.');
  }
}

/** One row; its number counts from 1, since JSON has no lines that a person would count. */
export function toJsonRow(value: unknown, line: number): ImportRow {
  const parsed = row.safeParse(value);
  if (!parsed.success) {
    const error = lineError(null, 'row_invalid', 'The row is not an object.');
    return { line, cells: {}, errors: [error], leftOut: [] };
  }
  const leftOut: LineError[] = [];
  const named = Object.entries(parsed.data).flatMap(([name, one]) => {
    const plain = cells.safeParse(one);
    if (plain.success) return [[name, asText(plain.data)] as const];
    leftOut.push(lineError(name, 'cell_invalid', 'The value is not plain text, number or list; left out.'));
    return [];
  });
  return { line, cells: Object.fromEntries(named), errors: [], leftOut };
}

function asText(value: z.output<typeof cells>): string {
  if (Array.isArray(value)) return value.map((one) => asText(one)).join(', ');
  return value === null ? '' : String(value);
}
