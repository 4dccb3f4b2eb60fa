import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve, type WebSocketServerLike } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { SOCKET_PROTOCOL } from './kit/socket.ts';

export type Listening = {
  port: number;
  /** Takes no more requests and lets running ones end. */
  close(): Promise<void>;
};

/** A request's head and body must arrive in time; whoever drips them is cut off. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 60_000;

/** Serves an app on a port; 0 takes a free one. */
export function listen(
  app: Pick<Parameters<typeof serve>[0], 'fetch'>,
  at: { hostname: string; port: number },
): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = serve({
      fetch: app.fetch,
      ...at,
      websocket: { server: socketServer() as WebSocketServerLike },
      serverOptions: { shouldUpgradeCallback: wantsWebSocket },
    }) as Server;
    server.headersTimeout = HEADERS_TIMEOUT_MS;
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    const close = drainOf(server);
    server.once('error', reject);
    server.once('listening', () => {
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}

/**
 * How to close a server whose clients ask on and on over one connection, which would keep it open for ever:
 * each answer from then on is the last of its connection.
 */
function drainOf(server: Server): () => Promise<void> {
  const open = new Set<ServerResponse>();
  let closing = false;
  const endConnection = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('connection', 'close');
  };
  server.prependListener('request', (_, response) => {
    if (closing) return endConnection(response);
    open.add(response);
    response.once('close', () => open.delete(response));
  });
  return () =>
    new Promise((done) => {
      closing = true;
      for (const response of open) endConnection(response);
      server.close(() => done());
      server.closeIdleConnections();
    });
}

/** Clients only listen, so that nothing long is taken from them. */
function socketServer(): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    maxPayload: 1_024,
    handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  });
}

/** Other upgrades (`h2c`) are answered as if they had not been asked for. */
const wantsWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket';
