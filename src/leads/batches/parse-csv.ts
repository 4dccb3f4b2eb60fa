import type { Readable } from 'node:stream';
import { type CsvError, type Info, parse } from 'csv-parse';
import { parse as parseSync } from 'csv-parse/sync';
import type { ImportRow } from './read-row.ts';
import type { LineError } from './rules.ts';

const MAX_RECORD_BYTES = 200_000;
const DELIMITERS = [',', ';', '\t', '|'];

/** What the first line says: column names as they stand, and what separates them. */
export type CsvHeader = { columns: string[]; delimiter: string; errors: LineError[] };

/** Reads the header out of the first bytes of a file; throws nothing, errors stand in the result. */
export function readHeader(head: Buffer): CsvHeader {
  const firstLine =
    head
      .toString('utf8')
      .replace(/^\ufeff/, '')
      .split(/\r\n|\n|\r/, 1)[0] ?? '';
  const delimiter = DELIMITERS.map((one) => ({ one, count: firstLine.split(one).length })).sort(
    (a, b) => b.count - a.count,
  )[0]!.one;
  const columns = splitHeader(firstLine, delimiter);
  const errors: LineError[] = [];
  columns.forEach((column, index) => {
    if (column === '')
      errors.push({ column: null, code: 'header_empty', reason: `Column ${index + 1} has no name.` });
    else if (columns.indexOf(column) !== index) {
      errors.push({
        column,
        code: 'header_repeated',
        reason: 'The column name stands twice; the first one counts.',
      });
    }
  });
  return { columns, delimiter, errors };
}

function splitHeader(line: string, delimiter: string): string[] {
  const [cells] = parseSync(line, {
    delimiter,
    relax_quotes: true,
    relax_column_count: true,
    to: 1,
  }) as string[][];
  return (cells ?? []).map((cell) => cell.trim());
}

/** One record, good or bad, and where the next one begins. */
export type CsvRecord = { row: ImportRow; nextOffsetBytes: number; nextLine: number };

/**
 * Streams records that start at `offsetBytes`; a record that cannot be read becomes a row with errors,
 * never an end of the stream.
 */
export async function* parseCsv(
  source: Readable,
  header: CsvHeader,
  start: { offsetBytes: number; line: number },
): AsyncGenerator<CsvRecord> {
  const skipped: { line: number; error: LineError }[] = [];
  const parser = parse({
    bom: start.offsetBytes === 0,
    delimiter: header.delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_RECORD_BYTES,
    info: true,
    on_skip: (error: CsvError | undefined) => {
      skipped.push({ line: start.line + lineOf(error), error: asLineError(error) });
    },
  });
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  for await (const { info, record } of parser as AsyncIterable<{ info: Info; record: string[] }>) {
    const nextOffsetBytes = start.offsetBytes + info.bytes;
    const nextLine = start.line + info.lines;
    for (const bad of skipped.splice(0)) {
      yield { row: { line: bad.line, cells: {}, errors: [bad.error] }, nextOffsetBytes, nextLine };
    }
    yield { row: toRow(header, record, nextLine - 1), nextOffsetBytes, nextLine };
  }
  const nextLine = start.line + parser.info.lines;
  for (const bad of skipped) {
    const row = { line: bad.line, cells: {}, errors: [bad.error] };
    yield { row, nextOffsetBytes: start.offsetBytes + parser.info.bytes, nextLine };
  }
}

function toRow(header: CsvHeader, record: string[], line: number): ImportRow {
  const { columns } = header;
  if (record.length !== columns.length) {
    const reason = `The line has ${record.length} cells, the header has ${columns.length}.`;
    return { line, cells: {}, errors: [{ column: null, code: 'column_count', reason }] };
  }
  if (record.every((cell, index) => cell.trim() === columns[index])) {
    return {
      line,
      cells: {},
      errors: [{ column: null, code: 'header_again', reason: 'The header stands here again.' }],
    };
  }
  const cells: Record<string, string> = {};
  columns.forEach((column, index) => {
    if (column !== '' && !Object.hasOwn(cells, column)) cells[column] = record[index] ?? '';
  });
  return { line, cells, errors: [] };
}

function lineOf(error: CsvError | undefined): number {
  return typeof error?.lines === 'number' ? Math.max(0, error.lines - 1) : 0;
}

function asLineError(error: CsvError | undefined): LineError {
  if (error?.code === 'CSV_MAX_RECORD_SIZE') {
    return {
      column: null,
      code: 'line_too_long',
      reason: `The line is longer than ${MAX_RECORD_BYTES} bytes.`,
    };
  }
  return { column: null, code: 'csv_invalid', reason: 'The quotes of this line do not match.' };
}
