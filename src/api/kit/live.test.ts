import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { LiveMessage, LiveSource } from './live.ts';
import { toSocket, withSocketCredentials } from './socket.ts';
import { toEventStream } from './sse.ts';

const failed = (error: unknown): never => {
  throw error;
};
const LARGE: LiveMessage[] = [{ id: '1', event: 'lead.created', data: 'x'.repeat(512 * 1024) }];

const MOST = 200;

/** Sends until nobody takes anything any more; tells how often it could. */
function flood(): { source: LiveSource; sent: () => number; ended: Promise<void> } {
  const ended = Promise.withResolvers<void>();
  let sent = 0;
  const source: LiveSource = async (sink) => {
    while (!sink.signal.aborted && sent < MOST) {
      await sink.send(LARGE);
      sent += 1;
    }
    ended.resolve();
    return 'gone';
  };
  return { source, sent: () => sent, ended: ended.promise };
}

// sabotage: src/api/kit/sse.ts :: if (isFull(controller)) await drained(); =>
test('Server-Sent Events wait for a client that does not read, and let go of one that stalls', async () => {
  const { source, sent, ended } = flood();
  const stream = toEventStream(source, failed, 200);
  await ended;
  expect(sent()).toBeLessThan(3);
  await expect(new Response(stream).text()).rejects.toThrow('nobody reads');
}, 10_000);

test('data is one line, whatever it says, so that nothing in it is taken for a field', async () => {
  const source: LiveSource = async (sink) => {
    await sink.send([{ id: '7', event: 'lead.created', data: { text: 'a\n\nid: 9\r\ndata: b' } }]);
    await sink.mark('8');
    return 'complete';
  };
  expect(await new Response(toEventStream(source, failed)).text()).toBe(
    'retry: 1000\n\nid: 7\nevent: lead.created\ndata: {"text":"a\\n\\nid: 9\\r\\ndata: b"}\n\nid: 8\n\n',
  );
});

let server: ReturnType<typeof createServer>;
let sockets: WebSocketServer;
let url: string;
beforeAll(async () => {
  server = createServer();
  sockets = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  sockets.close();
  server.closeAllConnections();
  server.close();
});

async function connect(source: LiveSource): Promise<WebSocket> {
  sockets.once('connection', (socket) => {
    const events = toSocket(source, failed, 300);
    socket.on('close', () => events.onClose?.(undefined as never, undefined as never));
    events.onOpen?.(undefined as never, { raw: socket } as never);
  });
  const client = new WebSocket(url);
  client.on('error', () => {});
  await once(client, 'open');
  return client;
}

// sabotage: src/api/kit/socket.ts :: const timer = setTimeout(stop, stalledMs); => const timer = setTimeout(() => {}, stalledMs);
test('a WebSocket waits for a client that does not read, and lets go of one that stalls', async () => {
  const { source, sent, ended } = flood();
  const client = await connect(source);
  client.pause();
  await ended;
  const before = sent();
  expect(before, 'what the sockets of the system hold').toBeLessThan(100);
  client.resume();
  const [code] = await once(client, 'close');
  expect([1013, 1006]).toContain(code);
}, 20_000);

test.each([
  ['complete', 1000],
  ['shutdown', 1001],
  ['refused', 1008],
  ['unavailable', 1013],
] as const)('a WebSocket that ends says why: %s is %d', async (end, code) => {
  const client = await connect(async () => end);
  expect((await once(client, 'close'))[0]).toBe(code);
});

test('subprotocols count as credentials of a WebSocket alone, and never instead of a header', () => {
  const offered = { 'sec-websocket-protocol': 'agos.events, bearer.agos_key, tenant.t1' };
  const read = (headers: Record<string, string>) => {
    const request = withSocketCredentials(new Request('http://a.example/', { headers }));
    return [request.headers.get('authorization'), request.headers.get('agos-tenant')];
  };
  expect(read({ ...offered, upgrade: 'websocket' })).toEqual(['Bearer agos_key', 't1']);
  expect(read(offered)).toEqual([null, null]);
  expect(read({ ...offered, upgrade: 'websocket', authorization: 'Bearer other' })[0]).toBe('Bearer other');
});
