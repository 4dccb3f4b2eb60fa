/** Where the stack says what it does: `line` once for each part, `working` while a part takes long. */
export type Progress = {
  line(text: string): void;
  working(text: string): void;
};

type ProgressStream = { write(text: string): unknown; isTTY?: boolean };

/** How often a log file, which cannot be rewritten in place, hears about a part that takes long. */
const REPEAT_MS = 10_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Progress for people: on a terminal `working` rewrites one line, elsewhere it repeats rarely. */
export function createProgress(stream: ProgressStream = process.stderr): Progress {
  let transient = false;
  let lastWorkingAt = 0;
  return {
    line(text) {
      stream.write(`${transient ? CLEAR_LINE : ''}${text}\n`);
      transient = false;
    },
    working(text) {
      if (stream.isTTY) {
        stream.write(`${CLEAR_LINE}${text}`);
        transient = true;
        return;
      }
      if (Date.now() - lastWorkingAt < REPEAT_MS) return;
      lastWorkingAt = Date.now();
      stream.write(`${text}\n`);
    },
  };
}

/** Progress that says nothing, for tests and `--json` callers that want silence. */
export const silentProgress: Progress = { line() {}, working() {} };

/** Seconds since a moment, as progress lines show them: `0.6 s`. */
export function elapsed(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** Runs a slow part and repeats "text, elapsed" until it has ended. */
export async function whileWorking<T>(progress: Progress, text: string, work: () => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  const timer = setInterval(() => progress.working(`${text}, ${elapsed(startedAt)}`), 2_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
