import { readCells } from './csv-cells.ts';
import type { CsvHeader } from './csv-header.ts';
import type { ImportRow } from './read-row.ts';
import { type LineError, lineError } from './rules.ts';
import { MAX_RECORD_BYTES, type RawRecord, splitRecords } from './split-records.ts';

/** One row, good or bad, and where the next one begins. */
export type CsvRow = { row: ImportRow; nextOffsetBytes: number; nextLine: number };

/**
 * Streams the rows that begin at an offset; what cannot be read becomes a row with errors, never an end
 * of the stream. Empty lines are passed over.
 */
export async function* parseCsv(
  source: AsyncIterable<Buffer>,
  header: CsvHeader,
  start: { offsetBytes: number; line: number },
): AsyncGenerator<CsvRow> {
  for await (const record of splitRecords(source, header.delimiter, start)) {
    const row = toRow(header, record);
    const { nextOffsetBytes, nextLine } = record;
    if (row) yield { row, nextOffsetBytes, nextLine };
  }
}

function toRow(header: CsvHeader, { line, text, fault }: RawRecord): ImportRow | null {
  const bad = (code: string, reason: string) => badRow(line, lineError(null, code, reason));
  if (fault === 'too_long') return bad('line_too_long', `The line is longer than ${MAX_RECORD_BYTES} bytes.`);
  // A file may be nothing but such lines, millions of them: the parser of cells takes microseconds for each.
  if (text?.replaceAll(header.delimiter, '').trim() === '') return null;
  const record = text === null ? null : readCells(text, header.delimiter);
  if (record === null) return bad('csv_invalid', 'The quotes of this line do not match.');
  if (record.every((cell) => cell.trim() === '')) return null;
  const { columns, cells } = header;
  if (record.length !== columns.length) {
    const expected = `the header has ${columns.length}`;
    return bad('column_count', `The line has ${record.length} cells, ${expected}.`);
  }
  if (record.every((cell, index) => cell.trim() === cells[index]?.trim())) {
    return bad('header_again', 'The header stands here again.');
  }
  const named = columns.flatMap((column, index) => (column === null ? [] : [[column, record[index] ?? '']]));
  return { line, cells: Object.fromEntries(named), errors: [], leftOut: [] };
}

const badRow = (line: number, error: LineError): ImportRow => ({
  line,
  cells: {},
  errors: [error],
  leftOut: [],
});
