import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export type MetricsServer = { port: number; close(): Promise<void> };

const HEADERS_TIMEOUT_MS = 5_000;

/**
 * Serves `/metrics` at `host:port` for Prometheus, apart from every other address: what it tells is of all
 * tenants. Fails when the address is taken.
 */
export function serveMetrics(registry: Registry, address: string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') answer(response, 404, 'text/plain', 'Not here.\n');
    else if (request.method !== 'GET') answer(response, 405, 'text/plain', 'Only GET.\n');
    else {
      registry.metrics().then(
        (text) => answer(response, 200, registry.contentType, text),
        () => answer(response, 500, 'text/plain', 'The metrics could not be collected.\n'),
      );
    }
  });
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  return listening(server, address);
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}

function listening(server: Server, address: string): Promise<MetricsServer> {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port || 80), hostname.replace(/^\[|\]$/g, ''), () => {
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
