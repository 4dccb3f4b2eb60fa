import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type FaultSite = {
  host: string;
  url: string;
  /** What the answer to the nth request of the page waits for. */
  before: (nth: number) => Promise<unknown> | undefined;
  /** How often the page itself was asked for. */
  pageRequests: number;
  /** Answers everything but the page; by default nothing is there. */
  other: (request: IncomingMessage, response: ServerResponse) => void;
  /** When anything of the site was asked for, in milliseconds. */
  askedAt: number[];
};

export type FaultSites = {
  /** The worker's `AGOS_ALLOW_TARGETS`: every name leads here. */
  allowTargets: string;
  /** One more site under a name of its own; `body` may replace its page or never end. */
  add(body?: (response: ServerResponse) => void): FaultSite;
  close(): Promise<void>;
};

/** More than any file asks for, also when a test is tried again. */
const NAMES = 60;

/** Serves small sound pages on loopback, each under its own name, as slow as a test asks. */
export async function serveFaultSites(): Promise<FaultSites> {
  const sites = new Map<string, FaultSite & { body: (response: ServerResponse) => void }>();
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const site = sites.get(request.headers.host ?? '');
    if (!site) return void response.writeHead(404).end();
    site.askedAt.push(Date.now());
    const isPage = request.url === '/';
    if (isPage) site.pageRequests += 1;
    if (isPage) await site.before(site.pageRequests);
    if (response.destroyed) return;
    if (isPage) site.body(response);
    else site.other(request, response);
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const hosts = Array.from({ length: NAMES }, (_, index) => `site-${index + 1}.faults.example`);
  return {
    allowTargets: hosts.map((host) => `${host}:${port}=127.0.0.1`).join(','),
    add: (body = soundPage) => {
      if (sites.size === NAMES) throw new Error('All names of this server are taken.');
      const host = `${hosts[sites.size]}:${port}`;
      const site = {
        host,
        url: `http://${host}/`,
        before: () => undefined,
        pageRequests: 0,
        body,
        other: nothingThere,
        askedAt: [],
      };
      sites.set(host, site);
      return site;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function nothingThere(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' }).end();
}

function soundPage(response: ServerResponse): void {
  page(response, '<h1>Fault & Sons</h1><p>Call +44 20 7946 0958</p>');
}

/** Answers with a whole small page around this body. */
export function page(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><head><title>Fault &amp; Sons</title>
    <meta name="viewport" content="width=device-width"><meta name="description" content="Repairs of all kinds">
    </head><body>${body}</body></html>`);
}
