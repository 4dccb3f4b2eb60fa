import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';

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
    const server = serve({ fetch: app.fetch, ...at }) as Server;
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
