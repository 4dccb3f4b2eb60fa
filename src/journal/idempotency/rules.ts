/** How long an answer is kept for its key. */
export const KEPT_MS = 24 * 60 * 60 * 1000;

/** How long a claim without an answer blocks its key: longer than any handler takes, short after a crash. */
export const CLAIM_MS = 60_000;

/** The longest key; a longer one is refused. */
export const MAX_KEY_LENGTH = 255;

/** Only final answers are stored: what passes by itself or is paid for (402, 429, 5xx) may be tried again with the same key. */
export function isFinal(status: number): boolean {
  return status < 500 && status !== 402 && status !== 408 && status !== 429;
}
