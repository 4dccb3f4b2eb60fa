import { AgosError } from '../../kernel/errors.ts';
import { fieldOf } from './columns.ts';
import { readCells } from './csv-cells.ts';
import { type LineError, lineError } from './rules.ts';
import { MAX_RECORD_BYTES, splitRecords } from './split-records.ts';

const DELIMITERS = [',', ';', '\t', '|'];
/** Nobody needs more, and every cell of a line may have a fault that is stored. */
export const MAX_COLUMNS = 500;

/** So many bytes at the start of a file hold its header, if it has one. */
export const HEAD_BYTES = MAX_RECORD_BYTES + 3;

/** What the first line says: names of the columns, null for one that is left out, and where the data begin. */
export type CsvHeader = {
  cells: string[];
  columns: (string | null)[];
  delimiter: string;
  line: number;
  errors: LineError[];
  nextOffsetBytes: number;
  nextLine: number;
};

/** Reads the header out of the first bytes of a file; throws `csv_invalid` when the file cannot be read by it. */
export async function readHeader(head: Buffer): Promise<CsvHeader> {
  const delimiter = sniffDelimiter(head);
  for await (const record of splitRecords(only(head), delimiter, { offsetBytes: 0, line: 1 })) {
    const cells = record.text === null ? null : readCells(record.text, delimiter);
    if (cells === null) throw unreadable('The first line, which names the columns, cannot be read.');
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (cells.length > MAX_COLUMNS) throw unreadable(`The file has more than ${MAX_COLUMNS} columns.`);
    const { line, nextOffsetBytes, nextLine } = record;
    const named = nameColumns(cells.map((cell) => cell.trim()));
    requireUrlColumn(named.columns, cells);
    return { ...named, cells, delimiter, line, nextOffsetBytes, nextLine };
  }
  throw unreadable('The file is empty.');
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

/** What stands most often between the names of the first line, outside of quotes. */
function sniffDelimiter(head: Buffer): string {
  const lines = head.toString('utf8').split(/\r\n|\n|\r/);
  const first = (lines.find((line) => line.trim() !== '') ?? '').replace(/"[^"]*"/g, '');
  const counted = DELIMITERS.map((one) => ({ one, count: first.split(one).length }));
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).one;
}

function nameColumns(names: string[]): { columns: (string | null)[]; errors: LineError[] } {
  const errors: LineError[] = [];
  const seen = new Set<string>();
  const columns = names.map((name, index) => {
    const fault = faultOf(name, index, seen);
    seen.add(name);
    if (fault) errors.push(fault);
    return fault ? null : name;
  });
  return { columns, errors };
}

function faultOf(name: string, index: number, seen: ReadonlySet<string>): LineError | null {
  if (name === '') return lineError(null, 'header_empty', `Column ${index + 1} has no name; it is left out.`);
  if (seen.has(name)) {
    return lineError(name, 'header_repeated', 'The column name stands twice; the first one counts.');
  }
  if (name.includes('\u0000')) {
    return lineError(name, 'invalid_text', 'The column name contains a NUL character; it is left out.');
  }
  if (name.includes('\ufffd')) {
    return lineError(name, 'encoding_invalid', 'The column name is not valid UTF-8; it is left out.');
  }
  return null;
}

function requireUrlColumn(columns: readonly (string | null)[], cells: readonly string[]): void {
  if (columns.some((column) => column !== null && fieldOf(column) === 'url')) return;
  if (cells.some((cell) => cell.includes('\u0000'))) {
    throw unreadable('The file is not text in UTF-8. Save it as "CSV UTF-8".');
  }
  throw unreadable('No column is named url, website or domain. The first line must name the columns.');
}

function unreadable(sentence: string): AgosError {
  return new AgosError('csv_invalid', sentence);
}
