import type { IncomingMessage, Server } from 'node:http';
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
    server.once('error', reject);
    server.once('listening', () => {
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          server.closeIdleConnections();
        });
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
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
