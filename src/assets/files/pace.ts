import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { STALLED_MS } from '../../api/kit/live.ts';

/** How slowly an answer may be taken: so many bytes a second, and so long less than that. */
export type Pace = { bytesPerSecond: number; behindMs: number };

/** Half of what a slow phone has, so that one whose network falters gets its file too. */
export const SLOWEST: Pace = { bytesPerSecond: 50_000, behindMs: STALLED_MS };

/** Cuts a connection off that falls behind while it takes this answer, which holds its room until then. */
export function requirePace(answer: ServerResponse, socket: Socket, pace: Pace): void {
  const lookEveryMs = pace.behindMs / 10;
  let leftMs = pace.behindMs;
  let takenBytes = socket.bytesWritten;
  const look = (): void => {
    const gainedMs = ((socket.bytesWritten - takenBytes) / pace.bytesPerSecond) * 1_000;
    takenBytes = socket.bytesWritten;
    // What was taken fast is not saved up: a reader who then stops would hold the rest for as long.
    leftMs = Math.min(pace.behindMs, leftMs - lookEveryMs + gainedMs);
    if (leftMs <= 0) socket.destroy();
    if (socket.destroyed) clearInterval(timer);
  };
  const timer = setInterval(look, lookEveryMs);
  answer.once('close', () => clearInterval(timer));
}
