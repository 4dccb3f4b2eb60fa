import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Something inside the network that nothing may reach: it accepts anything and counts it. */
export type Canary = {
  host: string;
  port: number;
  connections(): number;
  bytes(): number;
  close(): Promise<void>;
};

/** Listens on loopback; a host of its own and a public port make it reachable for names too. */
export async function startCanary(at: { host?: string; port?: number } = {}): Promise<Canary> {
  let connections = 0;
  let bytes = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
  });
  const host = at.host ?? '127.0.0.1';
  await once(server.listen(at.port ?? 0, host), 'listening');
  return {
    host,
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    bytes: () => bytes,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}
