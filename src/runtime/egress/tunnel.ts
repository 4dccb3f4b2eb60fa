import { connect, type LookupFunction, type Socket } from 'node:net';

export type TunnelTarget = { host: string; port: number; lookup: LookupFunction };

/**
 * Joins a client to its target until either ends. Both die together: a server that never stops sending
 * must not go on sending to nobody once the browser is gone.
 */
export function joinTunnel(
  client: Socket,
  head: Buffer,
  target: TunnelTarget,
  onRefused: (error: Error) => void,
): void {
  if (head.length > 0) client.unshift(head);
  let isOpen = false;
  const server = connect(target, () => {
    isOpen = true;
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    client.pipe(server).pipe(client);
  });
  client.once('close', () => server.destroy());
  client.on('error', () => server.destroy());
  server.on('error', (error) => (isOpen ? client.destroy() : onRefused(error)));
  server.once('close', () => client.end());
}
