import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_RECORD_BYTES, type RawRecord, splitRecords } from './split-records.ts';

const CHUNK_BYTES = 64 * 1024;

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

async function collect(bytes: Buffer): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const record of splitRecords(inPieces(bytes), ',', { offsetBytes: 0, line: 1 })) {
    records.push(record);
  }
  return records;
}

/** The record that begins there, as one reads it who knows nothing of those before. */
async function readAt(bytes: Buffer, offsetBytes: number, line: number): Promise<RawRecord | undefined> {
  const source = inPieces(bytes.subarray(offsetBytes));
  for await (const record of splitRecords(source, ',', { offsetBytes, line })) return record;
  return undefined;
}

describe('records of a file whose quotes do not match', () => {
  // sabotage: src/leads/batches/split-records.ts :: && at < farthest.at) { => && false) {
  // sabotage: src/leads/batches/split-records.ts :: lines: farthest.lines - lines }; => lines: farthest.lines };
  // sabotage: src/leads/batches/split-records.ts :: at: farthest.at - sizeBytes, => at: farthest.at,
  test('are found in linear time where each line begins inside of the quotes of all before', async () => {
    const line = ',",x","z\n';
    const lines = 100_000;
    const bytes = Buffer.from(`${line.repeat(lines)}",end\nlast\n`);
    const startedAt = performance.now();
    const records = await collect(bytes);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    // From the first line on from which the end of the quotes is near enough, all is one record.
    const endsAt = line.length * lines + '",end'.length;
    const broken = Math.floor((endsAt - MAX_RECORD_BYTES) / line.length) + 1;
    expect(records.slice(0, broken).every(({ fault }) => fault === 'quotes')).toBe(true);
    expect(records.slice(broken)).toMatchObject([
      { line: broken + 1, fault: null, nextLine: lines + 2, nextOffsetBytes: endsAt + 1 },
      { line: lines + 2, text: 'last' },
    ]);
  });

  // sabotage: src/leads/batches/split-records.ts :: : { at, lines, quoted, cellBegins }; => : { at: limit, lines, quoted, cellBegins };
  // sabotage: src/leads/batches/split-records.ts :: ({ lines, quoted, cellBegins } = farthest); => ({ lines, quoted } = farthest);
  // sabotage: src/leads/batches/split-records.ts :: at = farthest.at - 1; => at = farthest.at;
  test('are those that one finds who begins to read at any of them', async () => {
    // From outside of quotes and from inside of them, such a line leads into quotes.
    const line = fc
      .tuple(
        fc.integer({ min: 1, max: 12 }),
        fc.string({ unit: fc.constantFrom('z', '""', ',', '\r\n'), maxLength: 8 }),
      )
      .map(([plain, quoted]) => `,",${'x'.repeat(plain)}","${quoted}\n`);
    const pattern = fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join(''));
    const ending = fc.constantFrom('",end\n', '",end\r', '"bad\n', '"', '');
    await fc.assert(
      fc.asyncProperty(pattern, ending, async (repeated, end) => {
        const times = Math.ceil((1.5 * MAX_RECORD_BYTES) / repeated.length);
        const bytes = Buffer.from(`${repeated.repeat(times)}${end}`);
        const records = await collect(bytes);
        const firstGood = records.findIndex(({ fault }) => fault === null);
        for (const at of [1, 2, firstGood - 1, firstGood, firstGood + 1, records.length - 1]) {
          const before = records[at - 1];
          if (!before) continue;
          expect(await readAt(bytes, before.nextOffsetBytes, before.nextLine)).toEqual(records[at]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
