import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** One request as it reached the receiver. */
export type Received = { at: number; path: string; id: string; headers: IncomingHttpHeaders; body: string };
type Answer = (received: Received, response: ServerResponse, nth: number) => void | Promise<void>;

/** A real receiver of webhooks on loopback; tests choose what it answers, path by path. */
export type WebhookReceiver = {
  url(path: string): string;
  /** What `AGOS_ALLOW_TARGETS` must say for it. */
  allowTargets: string;
  received: Received[];
  at(path: string): Received[];
  answer(path: string, answer: Answer | number): void;
  close(): Promise<void>;
};

/** Starts a receiver; a path without an answer of its own takes everything. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const answers = new Map<string, Answer>();
  const at = (path: string) => received.filter((one) => one.path === path);
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { headers, url: path = '/' } = request;
    const one = { at: performance.now(), path, id: String(headers['webhook-id']), headers, body };
    received.push(one);
    const answer = answers.get(path);
    if (!answer) return void response.writeHead(204).end();
    await answer(one, response, at(path).length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://hooks.test:${port}${path}`,
    allowTargets: `hooks.test:${port}=127.0.0.1`,
    received,
    at,
    answer: (path, answer) => {
      const status = (_: Received, response: ServerResponse) => void response.writeHead(Number(answer)).end();
      answers.set(path, typeof answer === 'number' ? status : answer);
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What the published verifier makes of a request: its payload; it throws when the signature is not right. */
export function verified(secret: string, { headers, body }: Received): { type: string; data: never } {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as never;
}
