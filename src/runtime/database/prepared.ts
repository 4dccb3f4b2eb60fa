/** A statement is prepared from the time on that a process has sent it so often. */
const OFTEN = 5;
/** So many are prepared on each connection at most: the server keeps every one of them in memory. */
const MOST_PREPARED = 200;
/** Longer ones carry many rows, and what the server keeps of them is larger still. */
const MOST_CHARACTERS = 10_000;
/** So many texts that were sent seldom are remembered; then they are counted from the start. */
const MOST_COUNTED = 1_000;

/**
 * Names the statements that a process sends again and again, so that the server parses, rewrites and plans them
 * once for each connection. A text that varies, with a list of ids for example, seldom comes so far.
 */
export function createStatementNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  let counts = new Map<string, number>();
  return (text) => {
    const name = names.get(text);
    if (name || names.size === MOST_PREPARED || text.length > MOST_CHARACTERS) return name;
    const count = (counts.get(text) ?? 0) + 1;
    if (count < OFTEN) {
      if (counts.size === MOST_COUNTED) counts = new Map();
      counts.set(text, count);
      return undefined;
    }
    counts.delete(text);
    const given = `agos_${names.size + 1}`;
    names.set(text, given);
    return given;
  };
}
