import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHeader } from './csv-header.ts';
import { type CsvRow, parseCsv } from './parse-csv.ts';
import { toUtf8 } from './to-utf8.ts';

/** Reads a whole file as the import does; `chunkBytes` is how much the disk gives at a time. */
async function readCsv(content: string | Uint8Array, chunkBytes = 64 * 1024) {
  const bytes = Buffer.from(toUtf8(Buffer.from(content as string)));
  const header = await readHeader(bytes.subarray(0, 200_003));
  const start = { offsetBytes: header.nextOffsetBytes, line: header.nextLine };
  const rows = await collect(bytes, header, start, chunkBytes);
  return { header, rows, bytes };
}

async function collect(
  bytes: Buffer,
  header: Awaited<ReturnType<typeof readHeader>>,
  start: { offsetBytes: number; line: number },
  chunkBytes: number,
): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const row of parseCsv(inPieces(bytes, start.offsetBytes, chunkBytes), header, start))
    rows.push(row);
  return rows;
}

async function* inPieces(bytes: Buffer, from: number, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let at = from; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

const faults = (rows: CsvRow[]) =>
  rows.filter(({ row }) => row.errors.length > 0).map(({ row }) => [row.line, row.errors[0]?.code]);
const urls = (rows: CsvRow[]) =>
  rows.filter(({ row }) => row.errors.length === 0).map(({ row }) => [row.line, row.cells.url]);

describe('a CSV file', () => {
  test.each([
    ['a mark at its start', '\ufeffurl,name\na.example,A\n'],
    ['Windows line ends', 'url,name\r\na.example,A\r\n'],
    ['old Mac line ends', 'url,name\ra.example,A\r'],
    ['semicolons', 'url;name\na.example;A\n'],
    ['tabs', 'url\tname\na.example\tA\n'],
    ['quotes around everything', '\ufeff"url","name"\n"a.example","A"\n'],
    ['no line end at the end', 'url,name\na.example,A'],
    ['empty lines before the header', '\n\nurl,name\na.example,A'],
  ])('with %s is read', async (_, content) => {
    const { rows } = await readCsv(content);
    expect(rows.map(({ row }) => row.cells)).toEqual([{ url: 'a.example', name: 'A' }]);
  });

  test.each([
    ['little', 0xff, 0xfe],
    ['big', 0xfe, 0xff],
  ])('in UTF-16 (%s end first) is read as the same text', async (_, first, second) => {
    const text = Buffer.from('url,name\na.example,Bäckerei 🥨\n', 'utf16le');
    if (first === 0xfe) text.swap16();
    const { rows } = await readCsv(Buffer.concat([Buffer.from([first, second]), text]));
    expect(rows[0]?.row.cells).toEqual({ url: 'a.example', name: 'Bäckerei 🥨' });
  });

  // sabotage: src/leads/batches/parse-csv.ts :: record.length !== columns.length => false
  // sabotage: src/leads/batches/split-records.ts :: lines: scan.lines }; => lines: 1 };
  test('keeps line numbers right behind cells of several lines, empty lines and bad lines', async () => {
    const { rows } = await readCsv(
      [
        'url,notes',
        'a.example,"one',
        'two',
        'three"',
        '',
        'ragged',
        'b.example,x',
        ' , ',
        'c.example,y',
      ].join('\r\n'),
    );
    expect(faults(rows)).toEqual([[6, 'column_count']]);
    expect(urls(rows)).toEqual([
      [2, 'a.example'],
      [7, 'b.example'],
      [9, 'c.example'],
    ]);
    expect(rows[0]?.row.cells.notes).toBe('one\r\ntwo\r\nthree');
  });

  test('loses one line, not the rest, to a quote that never closes', async () => {
    const { rows } = await readCsv('url,notes\na.example,"open\nb.example,x\nc.example,y\n');
    expect(faults(rows)).toEqual([[2, 'csv_invalid']]);
    expect(urls(rows)).toEqual([
      [3, 'b.example'],
      [4, 'c.example'],
    ]);
  });

  // sabotage: src/leads/batches/split-records.ts :: else return { at, lines, quoted, cellBegins }; => else quoted = false;
  test('loses one line to a quote that a later line seems to close', async () => {
    const { rows } = await readCsv('url,notes\na.example,"open\nb.example,x\n"c.example",y\nd.example,z\n');
    expect(faults(rows)).toEqual([[2, 'csv_invalid']]);
    expect(urls(rows).map(([line]) => line)).toEqual([3, 4, 5]);
  });

  // sabotage: src/leads/batches/parse-csv.ts :: if (text?.replaceAll(header.delimiter, '').trim() === '') return null; =>
  test('is read in moments where it is little but empty lines', async () => {
    const startedAt = performance.now();
    const { rows } = await readCsv(`url,notes\n${'\n,\n'.repeat(250_000)}a.example,x\n`);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(urls(rows)).toEqual([[500_002, 'a.example']]);
  });

  test('keeps quotes in the middle of a plain cell as they are', async () => {
    const { rows } = await readCsv('url,notes\na.example,the "best" shop\n');
    expect(rows[0]?.row.cells.notes).toBe('the "best" shop');
  });

  // sabotage: src/leads/batches/split-records.ts :: fault: sizeBytes > MAX_RECORD_BYTES ? 'too_long' : 'quotes' => fault: 'quotes'
  test.each([
    ['plain', 'x'.repeat(10_000_000)],
    ['quoted', `"${'x'.repeat(10_000_000)}"`],
  ])('reports a %s cell of 10 MB and reads on behind it', async (_, cell) => {
    const { rows } = await readCsv(`url,notes\na.example,1\nb.example,${cell}\nc.example,3\n`);
    expect(faults(rows)).toEqual([[3, 'line_too_long']]);
    expect(urls(rows)).toEqual([
      [2, 'a.example'],
      [4, 'c.example'],
    ]);
  });

  // sabotage: src/leads/batches/parse-csv.ts :: return bad('header_again' => if (false) return bad('header_again'
  test('reports the header where it stands again', async () => {
    const { rows } = await readCsv('URL, Name\na.example,A\nURL,Name\nb.example,B\n');
    expect(faults(rows)).toEqual([[3, 'header_again']]);
  });

  // sabotage: src/leads/batches/csv-header.ts :: if (seen.has(name)) { => if (false) {
  test('counts the first of two columns of one name and says so', async () => {
    const { header, rows } = await readCsv('url,name,name,\na.example,first,second,\n');
    expect(header.errors).toMatchObject([
      { column: 'name', code: 'header_repeated' },
      { column: null, code: 'header_empty' },
    ]);
    expect(rows[0]?.row.cells).toEqual({ url: 'a.example', name: 'first' });
  });

  // sabotage: src/leads/batches/csv-header.ts :: if (name.includes('\u0000')) { => if (false) {
  test('leaves out a column whose name holds a NUL, and keeps the rows', async () => {
    const { header, rows } = await readCsv('url,na\u0000me\na.example,A\n');
    expect(header.errors).toEqual([expect.objectContaining({ column: 'na\ufffdme', code: 'invalid_text' })]);
    expect(rows[0]?.row.cells).toEqual({ url: 'a.example' });
  });

  test('takes a column called __proto__ for a column', async () => {
    const { rows } = await readCsv('url,__proto__\na.example,polluted\n');
    expect(Object.entries(rows[0]?.row.cells ?? {})).toContainEqual(['__proto__', 'polluted']);
  });

  test.each([
    ['is empty', '', 'empty'],
    ['holds empty lines only', '\r\n\r\n', 'empty'],
    ['has no column for the website', 'company,phone\nAcme,1\n', 'No column'],
    ['is UTF-16 without a mark', Buffer.from('url,name\na.example,A\n', 'utf16le'), 'UTF-8'],
    ['begins with an open quote', '"url,name\na.example,A\n', 'first line'],
    ['has more columns than anybody needs', `url${','.repeat(600)}\n`, '500 columns'],
  ])('that %s is refused with a sentence', async (_, content, word) => {
    await expect(readCsv(content)).rejects.toMatchObject({
      code: 'csv_invalid',
      message: expect.stringContaining(word),
    });
  });
});

describe('reading a CSV file in parts', () => {
  const cell = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.string({ unit: fc.constantFrom('a', 'é', '🥨', ' ', '=', '\u0000'), maxLength: 6 }),
    },
    {
      weight: 2,
      arbitrary: fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'x', '"'), maxLength: 8 }),
    },
    fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => `"${text.replaceAll('"', '""')}\r\n"`),
  );
  const line = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(','));
  const file = fc
    .tuple(
      fc.array(line, { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.constantFrom('', '\ufeff'),
    )
    .map(([lines, end, mark]) => mark + ['url,b,c', ...lines].join(end));

  test('gives the same rows from every place where one may stop', async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 40 }), async (content, chunkBytes) => {
        const { header, rows, bytes } = await readCsv(content);
        expect(
          await collect(
            bytes,
            header,
            { offsetBytes: header.nextOffsetBytes, line: header.nextLine },
            chunkBytes,
          ),
        ).toEqual(rows);
        for (const [index, { nextOffsetBytes, nextLine }] of rows.entries()) {
          const rest = await collect(
            bytes,
            header,
            { offsetBytes: nextOffsetBytes, line: nextLine },
            chunkBytes,
          );
          expect(rest).toEqual(rows.slice(index + 1));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('finds the cells that csv-parse finds in a well-formed file, whatever they hold', async () => {
    const safe = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r', '=', ' '), maxLength: 8 });
    const records = fc.array(fc.tuple(safe, safe, safe), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 40 }), async (cells, chunkBytes) => {
        const lines = cells.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','));
        const content = ['url,b,c', ...lines].join('\n');
        const expected = (parse(content, { from: 2, record_delimiter: '\n' }) as string[][]).filter((row) =>
          row.some((text) => text.trim() !== ''),
        );
        const { rows } = await readCsv(content, chunkBytes);
        expect(rows.map(({ row }) => Object.values(row.cells))).toEqual(expected);
      }),
    );
  });
});
