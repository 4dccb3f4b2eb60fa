/** One message of an answer that goes on. */
export type LiveMessage = { id: string; event: string; data: unknown };

/** Where the messages go, whatever carries them. */
export type LiveSink = {
  /** Resolves when the client can take more: a slow client slows its source, and nothing piles up. */
  send(messages: readonly LiveMessage[]): Promise<void>;
  /** Says how far the client has come, and that the connection lives. */
  mark(id: string): Promise<void>;
  /** Aborts when nobody reads any more. */
  signal: AbortSignal;
};

/**
 * Why a source ended: nothing follows (`complete`), the process stops (`shutdown`), the caller may no longer
 * read (`refused`), or the answer cannot go on now (`unavailable`).
 */
export type LiveEnd = 'complete' | 'shutdown' | 'refused' | 'unavailable' | 'gone';

/** Sends messages until it ends. */
export type LiveSource = (sink: LiveSink) => Promise<LiveEnd>;

/** A client that takes nothing for so long is cut off; it comes back with the last id that it has. */
export const STALLED_MS = 30_000;
