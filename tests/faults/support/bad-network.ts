import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type BadNetwork = {
  port: number;
  /** What it does from now on: delay of each answer, and which message ends its connection: 100 means each 100th. */
  behave(faults: { delayMs: number; resetEvery: number }): void;
  /** Connections that it has reset. */
  resets: number;
  /** Messages of clients since the last reset. */
  messages: number;
  close(): Promise<void>;
};

/** A TCP way to a server on loopback that can be made slow and unreliable. */
export async function openBadNetwork(targetPort: number): Promise<BadNetwork> {
  const open = new Set<Socket>();
  let faults = { delayMs: 0, resetEvery: Number.POSITIVE_INFINITY };
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    const both = [client, upstream];
    const end = (): void => both.forEach((socket) => void socket.destroy());
    for (const socket of both) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end).on('close', () => {
        open.delete(socket);
        end();
      });
    }
    client.on('data', (bytes) => {
      network.messages += 1;
      if (network.messages >= faults.resetEvery) {
        network.messages = 0;
        network.resets += 1;
        client.resetAndDestroy();
        return;
      }
      upstream.write(bytes);
    });
    let answered = Promise.resolve();
    upstream.on('data', (bytes) => {
      const until = Date.now() + faults.delayMs;
      answered = answered.then(async () => {
        await sleep(Math.max(0, until - Date.now()));
        client.write(bytes);
      });
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const network: BadNetwork = {
    port: (server.address() as AddressInfo).port,
    behave: (next) => {
      faults = next;
    },
    resets: 0,
    messages: 0,
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
  return network;
}
