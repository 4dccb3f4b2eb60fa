import type dns from 'node:dns';
import { Agent, type IncomingMessage } from 'node:http';
import type { LookupFunction, Socket } from 'node:net';
import pLimit from 'p-limit';
import { type PrepareRequestFunctionOpts, RequestError, Server } from 'proxy-chain';
import { canonicalHost } from './address.ts';
import { type EgressGuard, EgressRefused, pinnedLookup } from './guard.ts';
import { joinTunnel } from './tunnel.ts';

const DEFAULT_MAX_BYTES = 40 * 1024 * 1024;
const MAX_CONNECTIONS = 256;
/** A page whose names are answered slowly waits for itself; a usual one never notices. */
const MAX_LOOK_UPS = 16;
const MAX_LISTED = 1_000;
const COUNT_EVERY_MS = 50;

/**
 * Hosts that Chromium itself calls and no page does: updates, models, error reports. Its other calls, as for
 * accounts, belong to no context and never come here; hosts that pages load from too are not for this list.
 */
const BROWSER_HOMES = new Set([
  'android.clients.google.com',
  'clients2.google.com',
  'clients2.googleusercontent.com',
  'clientservices.googleapis.com',
  'content-autofill.googleapis.com',
  'edgedl.me.gvt1.com',
  'mtalk.google.com',
  'optimizationguide-pa.googleapis.com',
  'safebrowsing.googleapis.com',
  'safebrowsingohttpgateway.googleapis.com',
  'sb-ssl.google.com',
  'update.googleapis.com',
]);

/** A request of the page that was not let out. */
export type BlockedRequest = {
  /** The whole URL over plain http, `host:port` for a tunnel. */
  url: string;
  host: string;
  port: number;
  reason: string;
};

/** The one way out for the browser context of one scan. */
export type FilteringProxy = {
  url: string;
  /** The first thousand refused requests, in order. */
  blocked(): BlockedRequest[];
  blockedCount(): number;
  /** Bytes that went to the browser so far. */
  receivedBytes(): number;
  /** What one scan may receive. */
  maxBytes: number;
  /** True once the site sent more than that; every connection is closed then. */
  overLimit(): boolean;
  close(): Promise<void>;
};

export type FilteringProxyOptions = {
  guard: EgressGuard;
  onBlocked?: (request: BlockedRequest) => void;
  maxBytes?: number;
};

/** Starts a proxy on a free port of loopback that resolves, judges and pins each connection of one scan. */
export async function startFilteringProxy(options: FilteringProxyOptions): Promise<FilteringProxy> {
  const refusals = createRefusals(options.onBlocked);
  // An agent of its own: the global one would hand a connection from one scan to the next.
  const agent = new Agent({ keepAlive: true });
  const lookUps = pLimit(MAX_LOOK_UPS);
  const server = new TunnelServer({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction: async (asked) => {
      if (traffic.overLimit()) throw refusal(403, 'page_too_large');
      const lookup = await lookUps(() => admit(options.guard, asked, refusals));
      if (asked.request.socket.destroyed) throw refusal(403, 'client_gone');
      return { dnsLookup: lookup as typeof dns.lookup, httpAgent: agent };
    },
  });
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const traffic = countTraffic(server, maxBytes);
  server.server.maxConnections = MAX_CONNECTIONS;
  await server.listen();
  return {
    url: `http://127.0.0.1:${server.port}`,
    blocked: () => [...refusals.list],
    blockedCount: () => refusals.count(),
    receivedBytes: traffic.receivedBytes,
    maxBytes,
    overLimit: traffic.overLimit,
    async close() {
      traffic.stop();
      agent.destroy();
      await server.close(true);
    },
  };
}

/** The library's own tunnel outlives its client while the server sends; ours does not. */
class TunnelServer extends Server {
  override async onConnect(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    try {
      const { trgParsed, dnsLookup } = await this.prepareRequestHandling(request);
      const host = canonicalHost(trgParsed?.hostname ?? '');
      if (host === null || dnsLookup === undefined) throw refusal(400, 'not_a_host');
      const target = { host, port: Number(trgParsed?.port), lookup: dnsLookup as LookupFunction };
      joinTunnel(socket, head, target, () => this.failRequest(request, refusal(502, 'unreachable')));
    } catch (error) {
      this.failRequest(request, error as Error);
    }
  }
}

type Refusals = { list: BlockedRequest[]; count(): number; add(request: BlockedRequest): void };

function createRefusals(onBlocked: FilteringProxyOptions['onBlocked']): Refusals {
  const list: BlockedRequest[] = [];
  let count = 0;
  return {
    list,
    count: () => count,
    add(request) {
      count += 1;
      if (list.length < MAX_LISTED) list.push(request);
      onBlocked?.(request);
    },
  };
}

/** Literal hosts pass here too: the lookup hook alone would never hear of them. */
async function admit(
  guard: EgressGuard,
  { request, hostname, port }: PrepareRequestFunctionOpts,
  refusals: Refusals,
): Promise<LookupFunction> {
  // Whoever gave up while waiting for their turn, or whose scan is over, needs no look-up.
  if (request.socket.destroyed) throw refusal(403, 'client_gone');
  const host = canonicalHost(hostname);
  if (host !== null && BROWSER_HOMES.has(host)) throw refusal(403, 'browser_call');
  try {
    return pinnedLookup(await guard.resolve(hostname, port));
  } catch (error) {
    if (!(error instanceof EgressRefused)) throw error;
    if (error.code === 'unreachable') throw refusal(502, 'unreachable');
    refusals.add({ url: addressOf(request, error), host: error.host, port, reason: error.message });
    throw refusal(403, 'target_forbidden');
  }
}

function addressOf(request: IncomingMessage, { host, port }: EgressRefused): string {
  if (request.method !== 'CONNECT') return (request.url ?? '').slice(0, 2_048);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The header tells our refusal from a page that answers 403 itself. */
function refusal(status: number, reason: string): RequestError {
  return new RequestError('This request was refused.', status, { 'x-agos-refused': reason });
}

type Traffic = { receivedBytes(): number; overLimit(): boolean; stop(): void };

/** Counts what the browser gets; past the limit nothing more gets through. */
function countTraffic(server: Server, maxBytes: number): Traffic {
  let closedBytes = 0;
  let isOver = false;
  server.on('connectionClosed', ({ stats }: { stats?: { srcTxBytes: number } }) => {
    closedBytes += stats?.srcTxBytes ?? 0;
  });
  const receivedBytes = () =>
    server
      .getConnectionIds()
      .reduce((sum, id) => sum + (server.getConnectionStats(id)?.srcTxBytes ?? 0), closedBytes);
  const overLimit = () => {
    isOver ||= receivedBytes() > maxBytes;
    return isOver;
  };
  const timer = setInterval(() => overLimit() && server.closeConnections(), COUNT_EVERY_MS);
  return { receivedBytes, overLimit, stop: () => clearInterval(timer) };
}
