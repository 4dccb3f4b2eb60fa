/** One record of a CSV file as its bytes, or null where the line that begins here is no record. */
export type RawRecord = {
  line: number;
  text: string | null;
  fault: 'quotes' | 'too_long' | null;
  /** Where the next record begins. */
  nextOffsetBytes: number;
  nextLine: number;
};

/** A record longer than this is a mistake; it also bounds what an open quote can swallow. */
export const MAX_RECORD_BYTES = 200_000;

const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Splits CSV bytes at the ends of records. A quote that never closes, or closes in the middle of a cell,
 * costs its own line and no other: the next record begins after that line. (csv-parse, which reads the
 * cells, would drop the rest of the file.)
 */
export async function* splitRecords(
  source: AsyncIterable<Buffer>,
  delimiter: string,
  start: { offsetBytes: number; line: number },
): AsyncGenerator<RawRecord> {
  const window = createWindow(source);
  const delimiterByte = delimiter.charCodeAt(0);
  let { offsetBytes, line } = start;
  let farthest = BEGINNING;
  try {
    while (!window.ended && window.bytes.length < BOM.length) await window.fill();
    if (offsetBytes === 0 && window.bytes.subarray(0, BOM.length).equals(BOM)) {
      window.drop(BOM.length);
      offsetBytes = BOM.length;
    }
    for (;;) {
      while (!window.ended && window.bytes.length === 0) await window.fill();
      if (window.bytes.length === 0) return;
      const record = await take(window, delimiterByte, farthest);
      farthest = seenBehind(record);
      offsetBytes += record.sizeBytes;
      const { text, fault } = record;
      yield { line, text, fault, nextOffsetBytes: offsetBytes, nextLine: line + record.lines };
      line += record.lines;
    }
  } finally {
    await window.close();
  }
}

/** How far a scan has come: bytes and lines from where a record begins, and what it knows of the next byte. */
type Place = { at: number; lines: number; quoted: boolean; cellBegins: boolean };

const BEGINNING: Place = { at: 0, lines: 1, quoted: false, cellBegins: true };

/** `farthest` is where the scan gave up that came farthest of those that found no record. */
type Taken = Pick<RawRecord, 'text' | 'fault'> & { sizeBytes: number; lines: number; farthest: Place };

/** The same place, seen from behind the record. */
function seenBehind({ farthest, sizeBytes, lines }: Taken): Place {
  return { ...farthest, at: farthest.at - sizeBytes, lines: farthest.lines - lines };
}

async function take(window: Window, delimiter: number, farthest: Place): Promise<Taken> {
  let scan = scanRecord(window, delimiter, farthest);
  while (scan === 'more') {
    await window.fill();
    scan = scanRecord(window, delimiter, farthest);
  }
  if ('end' in scan) {
    const text = window.bytes.toString('utf8', 0, scan.end);
    window.drop(scan.next);
    return { farthest, text, fault: null, sizeBytes: scan.next, lines: scan.lines };
  }
  const sizeBytes = await skipLine(window);
  return {
    farthest: scan.at > farthest.at ? scan : farthest,
    text: null,
    fault: sizeBytes > MAX_RECORD_BYTES ? 'too_long' : 'quotes',
    sizeBytes,
    lines: 1,
  };
}

/** The end of a record, or the place where it turned out to be none. */
type Scan = { end: number; next: number; lines: number } | Place | 'more';

/**
 * Finds the end of the record that begins at the window's first byte. Line breaks that an earlier scan passed
 * stood inside of its quotes, or it would have ended there: a scan that meets one inside of quotes too goes on
 * where that one gave up, so that the whole stays linear however many lines begin inside of an open quote.
 */
function scanRecord({ bytes, ended }: Window, delimiter: number, farthest: Place): Scan {
  const limit = Math.min(bytes.length, MAX_RECORD_BYTES);
  let { at, lines, quoted, cellBegins } = BEGINNING;
  for (; at < limit; at += 1) {
    const byte = bytes[at];
    const isLast = at + 1 === bytes.length;
    if ((byte === CR || (byte === QUOTE && quoted)) && isLast && !ended) return 'more';
    const next = bytes[at + 1];
    if (quoted && (byte === LF || byte === CR) && at < farthest.at) {
      ({ lines, quoted, cellBegins } = farthest);
      at = farthest.at - 1;
    } else if (quoted) {
      if (byte === LF || (byte === CR && next !== LF)) lines += 1;
      if (byte !== QUOTE) continue;
      if (next === QUOTE) at += 1;
      else if (isLast || next === delimiter || next === LF || next === CR) quoted = false;
      else return { at, lines, quoted, cellBegins };
    } else if (byte === QUOTE && cellBegins) {
      quoted = true;
      cellBegins = false;
    } else if (byte === LF || byte === CR) {
      return { end: at, next: at + (byte === CR && next === LF ? 2 : 1), lines };
    } else {
      cellBegins = byte === delimiter;
    }
  }
  if (limit < MAX_RECORD_BYTES && !ended) return 'more';
  const isRecord = limit < MAX_RECORD_BYTES && !quoted;
  return isRecord ? { end: limit, next: limit, lines } : { at, lines, quoted, cellBegins };
}

/** Drops everything up to and with the next line break, however far it is; tells how many bytes that were. */
async function skipLine(window: Window): Promise<number> {
  let sizeBytes = 0;
  for (;;) {
    const { bytes, ended } = window;
    const at = bytes.findIndex((byte) => byte === LF || byte === CR);
    const isCertain = at !== -1 && (bytes[at] === LF || at + 1 < bytes.length || ended);
    if (isCertain || (at === -1 && ended)) {
      const isPair = bytes[at] === CR && bytes[at + 1] === LF;
      const length = at === -1 ? bytes.length : at + (isPair ? 2 : 1);
      window.drop(length);
      return sizeBytes + length;
    }
    if (at === -1) {
      sizeBytes += bytes.length;
      window.drop(bytes.length);
    }
    await window.fill();
  }
}

type Window = ReturnType<typeof createWindow>;

/** The bytes at hand; more are read only when a record needs them. */
function createWindow(source: AsyncIterable<Buffer>) {
  const iterator = source[Symbol.asyncIterator]();
  const window = {
    bytes: Buffer.alloc(0) as Buffer,
    ended: false,
    fill: async (): Promise<void> => {
      const { done, value } = await iterator.next();
      if (done) window.ended = true;
      else window.bytes = window.bytes.length === 0 ? value : Buffer.concat([window.bytes, value]);
    },
    drop: (length: number): void => {
      window.bytes = window.bytes.subarray(length);
    },
    close: async (): Promise<void> => {
      await iterator.return?.();
    },
  };
  return window;
}
