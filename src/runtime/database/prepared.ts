import { createHash } from 'node:crypto';

/** A statement is prepared from the time on that a process has sent it so often. */
const OFTEN = 5;
/** So many are prepared on each connection at most: the server keeps every one of them in memory. */
const MOST_PREPARED = 200;
/** Longer ones carry many rows, and what the server keeps of them is larger still. */
const MOST_CHARACTERS = 10_000;
/** So many texts that were sent seldom are remembered; then they are counted from the start. */
const MOST_COUNTED = 1_000;
/** After so long all are counted from the start, so that what was asked for once does not keep the places for ever. */
const COUNTED_FOR_MS = 60 * 60 * 1000;

/**
 * Names the statements that a process sends again and again, so that the server parses and rewrites them once for
 * each connection. A text that varies, with a list of ids for example, seldom comes so far. Takes a clock in
 * milliseconds that never goes back.
 */
export function createStatementNames(nowMs: () => number): (text: string) => string | undefined {
  let [names, counts, sinceMs] = [new Map<string, string>(), new Map<string, number>(), nowMs()];
  return (text) => {
    if (nowMs() - sinceMs > COUNTED_FOR_MS) [names, counts, sinceMs] = [new Map(), new Map(), nowMs()];
    const name = names.get(text);
    if (name || names.size === MOST_PREPARED || text.length > MOST_CHARACTERS) return name;
    const count = (counts.get(text) ?? 0) + 1;
    if (count < OFTEN) {
      if (counts.size === MOST_COUNTED) counts = new Map();
      counts.set(text, count);
      return undefined;
    }
    counts.delete(text);
    const given = nameOf(text);
    names.set(text, given);
    return given;
  };
}

/** The same in every process: a pooler that hands their connections around mixes up no two statements. */
const nameOf = (text: string): string =>
  `agos_${createHash('sha256').update(text).digest('base64url').slice(0, 24)}`;
