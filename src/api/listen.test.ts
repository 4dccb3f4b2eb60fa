import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listen } from './listen.ts';

// sabotage: src/api/listen.ts :: if (!response.headersSent) response.setHeader('connection', 'close'); =>
test('a client that asks on and on over one connection keeps no server from stopping, and what is asked is answered', async () => {
  const reached = Promise.withResolvers<void>();
  const app = {
    fetch: async (request: Request) => {
      if (request.url.endsWith('/before')) reached.resolve();
      await sleep(50);
      return new Response('here');
    },
  };
  const server = await listen(app, { hostname: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let answered = 0;
  const askOnAndOn = async (): Promise<never> => {
    for (;;) {
      expect(await ask(server.port, agent)).toBe(200);
      answered += 1;
    }
  };
  const refused = askOnAndOn().catch((error: NodeJS.ErrnoException) => error.code);
  await expect.poll(() => answered).toBeGreaterThan(2);
  const askedBefore = ask(server.port, new Agent(), '/before');
  await reached.promise;
  const closed = server.close().then(() => 'closed');
  expect(await Promise.race([closed, sleep(5_000, 'still open')])).toBe('closed');
  expect(await askedBefore).toBe(200);
  expect(await refused).toMatch(/^ECONN/);
  agent.destroy();
});

function ask(port: number, agent: Agent, path = '/'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ port, agent, path }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    }).once('error', reject);
  });
}
