import { on, once } from 'node:events';
import { WebSocket } from 'ws';
import { readServerEvents } from '../../src/cli/event-stream.ts';
import type { EventView } from '../../src/control/events/schemas.ts';

export type StreamRequest = {
  origin: string;
  path: string;
  headers: Record<string, string>;
  /** The id of the last event that the client has. */
  after?: string;
};
export type OpenStream = {
  /** Ends with the stream. */
  events: AsyncGenerator<EventView>;
  /** Breaks the connection off. */
  cut(): void;
  socket?: WebSocket;
};
/** Follows events by one of the ways in which the API offers them; resolves once the stream is open. */
export type EventClient = (request: StreamRequest) => Promise<OpenStream>;

/** Server-Sent Events over a real socket. */
export const followByServerEvents: EventClient = async ({ origin, path, headers, after }) => {
  const abort = new AbortController();
  const response = await fetch(new URL(path, origin), {
    headers: { ...headers, ...(after !== undefined && { 'last-event-id': after }) },
    signal: abort.signal,
  });
  if (response.status !== 200 || !response.body)
    throw new Error(`${response.status} ${await response.text()}`);
  return { events: eventsOf(response), cut: () => abort.abort() };
};

/** Takes the response, not its body: fetch cancels the body of a response that is collected before it was read. */
async function* eventsOf(response: Response): AsyncGenerator<EventView> {
  for await (const { data } of readServerEvents(response.body!)) {
    if (data !== '') yield JSON.parse(data) as EventView;
  }
}

/** A WebSocket as a program opens it, with its key in a header. */
export const followBySocket: EventClient = ({ origin, path, headers, after }) =>
  openSocket(new WebSocket(socketUrl({ origin, path, after }), { headers }));

/** A WebSocket as a browser opens it: it can offer subprotocols and set no header. */
export const followByBrowserSocket: EventClient = ({ origin, path, headers, after }) => {
  const key = headers.authorization?.replace('Bearer ', 'bearer.') ?? '';
  return openSocket(new WebSocket(socketUrl({ origin, path, after }), ['agos.events', key]));
};

function socketUrl({
  origin,
  path,
  after,
}: Pick<StreamRequest, 'origin' | 'path'> & { after: string | undefined }) {
  const url = new URL(path, origin.replace('http', 'ws'));
  if (after !== undefined) url.searchParams.set('after', after);
  return url;
}

async function openSocket(socket: WebSocket): Promise<OpenStream> {
  const messages = on(socket, 'message', { close: ['close'] });
  await once(socket, 'open');
  const read = async function* (): AsyncGenerator<EventView> {
    for await (const [data] of messages) {
      const message = JSON.parse(String(data));
      if (!('cursor' in message)) yield message;
    }
  };
  return { events: read(), cut: () => socket.terminate(), socket };
}

/** Every way, with its name. */
export const EVENT_CLIENTS: readonly (readonly [string, EventClient])[] = [
  ['Server-Sent Events', followByServerEvents],
  ['WebSocket', followBySocket],
  ['WebSocket of a browser', followByBrowserSocket],
];
