import type { AssetRow } from '../../assets/files/repository.ts';
import type { AssetStore } from '../../assets/files/store.ts';
import { HEAD_BYTES, readHeader } from './csv-header.ts';
import { parseCsv } from './parse-csv.ts';
import { type JsonRows, parseJson, toJsonRow } from './parse-json.ts';
import type { ImportRow } from './read-row.ts';
import type { ReadLine } from './store-lines.ts';

/** Where to go on: the byte at which the next record begins, and the number of its line. */
type Start = { offset_bytes: number; next_line: number };

/** The rows of a file, from any position that it gave before. */
export type OpenFile = {
  /** The line of column names, when something is wrong with it. */
  headerLines: ReadLine[];
  /** How many rows there are, bad ones too; it stops at `most`. */
  countRows(most: number): Promise<number>;
  rows(from: Start): AsyncIterable<{ row: ImportRow; offsetBytes: number; line: number }>;
};

type Store = Pick<AssetStore, 'read' | 'stream'>;

/** Opens a CSV file; throws `csv_invalid` when its first line does not name the columns. */
export async function openCsv(assets: Store, asset: AssetRow): Promise<OpenFile> {
  const header = await readHeader(await readHead(assets, asset));
  const { line, errors } = header;
  const rows: OpenFile['rows'] = async function* (from) {
    const start = {
      offsetBytes: from.offset_bytes || header.nextOffsetBytes,
      line: from.offset_bytes === 0 ? header.nextLine : from.next_line,
    };
    const source = await assets.stream(asset, start.offsetBytes);
    try {
      for await (const { row, nextOffsetBytes, nextLine } of parseCsv(source, header, start)) {
        yield { row, offsetBytes: nextOffsetBytes, line: nextLine };
      }
    } finally {
      source.destroy();
    }
  };
  return {
    headerLines: errors.length > 0 ? [{ line, lead: null, errors, isHeader: true }] : [],
    countRows: (most) => count(rows({ offset_bytes: 0, next_line: 1 }), most),
    rows,
  };
}

/** Opens a JSON file, which is read as a whole; throws `invalid_json` or `validation_failed`. */
export async function openJson(assets: Store, asset: AssetRow): Promise<OpenFile & Pick<JsonRows, 'format'>> {
  const bytes = await assets.read(asset);
  const { format, values } = parseJson(Buffer.from(bytes).toString('utf8'));
  return {
    format,
    headerLines: [],
    countRows: async () => values.length,
    async *rows(from) {
      for (let line = from.next_line; line <= values.length; line += 1) {
        yield { row: toJsonRow(values[line - 1], line), offsetBytes: 0, line: line + 1 };
      }
    },
  };
}

async function count(rows: AsyncIterable<unknown>, most: number): Promise<number> {
  let found = 0;
  for await (const _ of rows) {
    found += 1;
    if (found === most) break;
  }
  return found;
}

async function readHead(assets: Store, asset: AssetRow): Promise<Buffer> {
  const source = await assets.stream(asset);
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= HEAD_BYTES) break;
  }
  return Buffer.concat(chunks);
}
