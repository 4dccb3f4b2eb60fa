import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A real server on loopback that lives as long as one test. */
export type TestServer = { port: number; connections: () => number; bytesReceived: () => number };

/** Serves plain http on loopback until the test ends, on a free port unless a place is named. */
export function serve(handler: RequestListener, place?: { host: string; port: number }): Promise<TestServer> {
  return listen(createServer({ maxHeaderSize: 1024 * 1024 }, handler), place);
}

/** Serves https on a free port of loopback until the test ends. */
export function serveTls(
  certificate: { cert: string; key: string },
  handler: RequestListener,
): Promise<TestServer> {
  return listen(createTlsServer({ ...certificate }, handler));
}

/** Starts a server and counts what reaches it. */
export async function listen(server: Server, place = { host: '127.0.0.1', port: 0 }): Promise<TestServer> {
  let connections = 0;
  let bytesReceived = 0;
  server.on('connection', (socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      bytesReceived += chunk.length;
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(place.port, place.host, resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, connections: () => connections, bytesReceived: () => bytesReceived };
}
