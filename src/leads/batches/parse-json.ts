import { z } from 'zod';
import { AgosError } from '../../kernel/errors.ts';
import type { ImportRow } from './read-row.ts';

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const cells = z.record(z.string(), z.union([cell, z.array(cell)]));
/** An Airtable list answer: `{records: [{id, fields}]}`. */
const airtable = z.object({ records: z.array(z.object({ fields: z.unknown() })) });

/** The shape of a JSON import: rows as they are, or the records of an Airtable view. */
export type JsonFormat = 'json' | 'airtable';

/** Reads the rows of a JSON import; throws `invalid_json` or `validation_failed` when it is none. */
export function parseJson(text: string): { format: JsonFormat; rows: ImportRow[] } {
  const value = parseText(text);
  const view = airtable.safeParse(value);
  if (view.success)
    return { format: 'airtable', rows: view.data.records.map((one, index) => toRow(one.fields, index)) };
  if (!Array.isArray(value)) {
    throw new AgosError(
      'validation_failed',
      'Send an array of rows, or the records of an Airtable view: {"records": [{"fields": {...}}]}.',
    );
  }
  return { format: 'json', rows: value.map(toRow) };
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw new AgosError('invalid_json', 'The file is not valid JSON.');
  }
}

/** Rows count from 1: JSON has no lines that a person would count. */
function toRow(value: unknown, index: number): ImportRow {
  const parsed = cells.safeParse(value);
  const line = index + 1;
  if (!parsed.success) {
    const reason = 'The row is not an object of plain values.';
    return { line, cells: {}, errors: [{ column: null, code: 'row_invalid', reason }] };
  }
  const entries = Object.entries(parsed.data).map(([name, one]) => [name, asText(one)] as const);
  return { line, cells: Object.fromEntries(entries), errors: [] };
}

function asText(value: z.output<typeof cell> | z.output<typeof cell>[]): string {
  if (Array.isArray(value)) return value.map((one) => asText(one)).join(', ');
  return value === null ? '' : String(value);
}
