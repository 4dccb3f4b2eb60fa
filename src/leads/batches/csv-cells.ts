import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';

/** The cells of one record, or null when its quotes do not match. */
export function readCells(record: string, delimiter: string): string[] | null {
  try {
    const [cells] = parse(record, {
      delimiter,
      record_delimiter: '\n',
      relax_quotes: true,
      relax_column_count: true,
    }) as string[][];
    return cells ?? [];
  } catch (error) {
    if (error instanceof CsvError) return null;
    throw error;
  }
}
