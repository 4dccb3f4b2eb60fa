import type { Readable } from 'node:stream';
import { Client } from 'undici';
import type { Clock } from '../clock.ts';
import { createTrust, pinnedConnector } from './connector.ts';
import { flatHeaders, timedOut, toFault } from './exchange.ts';
import { FetchFault } from './fetch-fault.ts';
import type { EgressGuard } from './guard.ts';

const MAX_HEADER_BYTES = 16 * 1024;

export type PostRequest = {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Limit of everything together, in milliseconds. */
  timeoutMs: number;
  /** So much of the answer is read, and the rest never. */
  excerptBytes: number;
  signal: AbortSignal;
};

export type Posted = { status: number; headers: Record<string, string>; excerpt: string };

/** Sends a body to a stranger's address once: resolved, judged and pinned anew, and no redirect followed. */
export type GuardedPost = (request: PostRequest) => Promise<Posted>;

/** Makes the only client that may send to a stranger's address; it throws `FetchFault`, or the signal's reason. */
export function createGuardedPost(deps: {
  guard: EgressGuard;
  clock: Clock;
  /** Refuses plain http, which only development may use. */
  httpsOnly: boolean;
  /** PEM of one more authority, for development. */
  extraCa?: string | undefined;
}): GuardedPost {
  const secureContext = createTrust(deps.extraCa);
  const connect = pinnedConnector({
    guard: deps.guard,
    secureContext,
    now: () => deps.clock.now(),
    tls: 'verify',
    onCertificate: () => {},
  });
  return async (request) => {
    const url = judged(deps, request.url);
    const late = AbortSignal.timeout(request.timeoutMs);
    // One connection for each request: a name that leads elsewhere by now is judged again.
    const client = new Client(url.origin, { connect, maxHeaderSize: MAX_HEADER_BYTES, bodyTimeout: 0 });
    try {
      const answer = await client.request({
        path: url.pathname + url.search,
        method: 'POST',
        headers: request.headers,
        body: request.body,
        signal: AbortSignal.any([late, request.signal]),
      });
      const excerpt = await beginningOf(answer.body, request.excerptBytes);
      return { status: answer.statusCode, headers: flatHeaders(answer.headers), excerpt };
    } catch (error) {
      request.signal.throwIfAborted();
      throw late.aborted ? timedOut(request.timeoutMs) : toFault(error, url);
    } finally {
      await client.destroy();
    }
  };
}

function judged(deps: { guard: EgressGuard; httpsOnly: boolean }, text: string): URL {
  try {
    deps.guard.checkUrl(text);
  } catch (error) {
    throw new FetchFault('target_forbidden', error instanceof Error ? error.message : String(error));
  }
  const url = new URL(text);
  if (!deps.httpsOnly || url.protocol === 'https:') return url;
  throw new FetchFault('target_forbidden', 'Only https is allowed here.');
}

/** The status has been said by now: a body that breaks off, or never ends, takes nothing from it. */
async function beginningOf(body: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // What has come is what there is.
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}
