import type { WSEvents } from 'hono/ws';
import type { WebSocket } from 'ws';
import { type LiveEnd, type LiveMessage, type LiveSink, type LiveSource, STALLED_MS } from './live.ts';

/** The subprotocol of answers that go on; a browser offers it together with its credentials. */
export const SOCKET_PROTOCOL = 'agos.events';

/** A client that does not answer the closing handshake is not waited for. */
const CLOSING_MS = 1_000;

const AGAIN = 'connect again with the last id';
const CLOSES: Record<LiveEnd, [code: number, reason: string]> = {
  complete: [1000, 'nothing follows'],
  shutdown: [1001, AGAIN],
  refused: [1008, 'you may no longer read this'],
  unavailable: [1013, AGAIN],
  gone: [1013, AGAIN],
};

/** Whether a request asks for a WebSocket. */
export function wantsSocket(headers: Headers): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'websocket';
}

/**
 * A browser can set no header of a WebSocket but its subprotocols: `bearer.<key or token>` and `tenant.<id>`
 * beside `agos.events` count like `Authorization` and `AgOS-Tenant`. A key never stands in an address.
 */
export function withSocketCredentials(request: Request): Request {
  if (!wantsSocket(request.headers)) return request;
  const headers = new Headers(request.headers);
  for (const word of (headers.get('sec-websocket-protocol') ?? '').split(',')) {
    const [, kind, value] = /^(bearer|tenant)\.(.+)$/.exec(word.trim()) ?? [];
    if (kind === 'bearer' && !headers.has('authorization')) headers.set('authorization', `Bearer ${value}`);
    if (kind === 'tenant' && !headers.has('agos-tenant')) headers.set('agos-tenant', value ?? '');
  }
  return new Request(request.url, { headers });
}

/** A source over a WebSocket: each message its data as JSON, and `{"cursor"}` for how far the client has come. */
export function toSocket(
  source: LiveSource,
  failed: (error: unknown) => void,
  stalledMs = STALLED_MS,
): WSEvents<unknown> {
  const gone = new AbortController();
  return {
    onOpen: (_event, { raw }) => {
      const socket = raw as WebSocket;
      source(sinkOf(socket, gone, stalledMs)).then(
        (end) => closeWith(socket, end),
        (error: unknown) => {
          if (!gone.signal.aborted) failed(error);
          closeWith(socket, 'unavailable');
        },
      );
    },
    onClose: () => gone.abort(),
    onError: () => gone.abort(),
  };
}

function closeWith(socket: WebSocket, end: LiveEnd): void {
  const timer = setTimeout(() => socket.terminate(), CLOSING_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.close(...CLOSES[end]);
}

function sinkOf(socket: WebSocket, gone: AbortController, stalledMs: number): LiveSink {
  const stop = (): void => gone.abort();
  let heardMs = performance.now();
  socket.on('pong', () => {
    heardMs = performance.now();
  });

  /** Resolves when everything so far has left this process. */
  const sendAll = (texts: readonly string[]): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(stop, stalledMs);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      gone.signal.addEventListener('abort', done, { once: true });
      for (const [index, text] of texts.entries()) {
        if (index < texts.length - 1) socket.send(text);
        else
          socket.send(text, () => {
            gone.signal.removeEventListener('abort', done);
            done();
          });
      }
    });

  return {
    send: (messages: readonly LiveMessage[]) => sendAll(messages.map(({ data }) => JSON.stringify(data))),
    mark: async (id) => {
      if (performance.now() - heardMs > stalledMs) return stop();
      socket.ping();
      await sendAll([JSON.stringify({ cursor: id })]);
    },
    signal: gone.signal,
  };
}
