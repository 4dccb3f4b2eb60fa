import type { SecureContext } from 'node:tls';
import { Client, type Dispatcher, errors } from 'undici';
import type { Clock } from '../clock.ts';
import { ACCEPT_ENCODING, readBody } from './body.ts';
import type { CertificateVerdict } from './certificate.ts';
import { CertificateRefused, pinnedConnector } from './connector.ts';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { FetchFault } from './fetch-fault.ts';
import { type EgressGuard, EgressRefused } from './guard.ts';
import type { KeyedLock } from './keyed-lock.ts';

const MAX_HEADER_BYTES = 64 * 1024;
const MAX_DUMP_BYTES = 64 * 1024;
const HTML = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.5';

export type ExchangeRequest = {
  url: string;
  method?: 'GET' | 'HEAD';
  accept?: string;
  /** Limit of the body after decompression. */
  maxBytes: number;
  /** Limit of all hops together; standing in line does not count. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Says by status and headers whether the body is worth reading; it is left unread otherwise. */
  wantsBody?: (head: { status: number; headers: Record<string, string> }) => boolean;
};

/** One answer of one server. */
export type Answer = {
  url: string;
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** Null over plain http. */
  certificate: CertificateVerdict | null;
};

/** What every session shares: the rules, the trusted authorities and the line of those who wait for a host. */
export type ExchangeDeps = {
  guard: EgressGuard;
  userAgent: string;
  clock: Clock;
  secureContext: SecureContext;
  lock: KeyedLock;
};

export type SessionOptions = {
  /** `judge` goes on over a certificate fault and reports it, `verify` refuses the connection. */
  tls: 'verify' | 'judge';
  /** Whether a request waits for those to the same host, as guests do; who needs an answer now does not. */
  inLine: boolean;
};

type Connection = { client: Client; certificate: CertificateVerdict | null };

/** Asks one server once, without following anything. */
export type Exchange = {
  ask(request: ExchangeRequest, remainingMs: number): Promise<{ answer: Answer; elapsedMs: number }>;
  close(): Promise<void>;
};

/** Makes the exchange of one session: it keeps one connection for each origin, and the site's cookies. */
export function createExchange(deps: ExchangeDeps, { tls, inLine }: SessionOptions): Exchange {
  const connections = new Map<string, Connection>();
  const jar = createCookieJar();

  function connectionTo(origin: string): Connection {
    const known = connections.get(origin);
    if (known !== undefined) return known;
    const connect = pinnedConnector({
      ...deps,
      tls,
      now: () => deps.clock.now(),
      onCertificate: (verdict) => {
        connection.certificate = verdict;
      },
    });
    const client = new Client(origin, {
      connect,
      maxHeaderSize: MAX_HEADER_BYTES,
      pipelining: 1,
      bodyTimeout: 0,
    });
    const connection: Connection = { client, certificate: null };
    connections.set(origin, connection);
    return connection;
  }

  return {
    ask(request, remainingMs) {
      const url = new URL(request.url);
      const task = async () => {
        const startedAt = performance.now();
        const own = { 'user-agent': deps.userAgent, ...cookiesOf(jar, url) };
        const { answer, setCookies } = await askOnce(
          connectionTo(url.origin),
          own,
          url,
          request,
          remainingMs,
        );
        jar.store(url, setCookies, deps.clock.now());
        return { answer, elapsedMs: performance.now() - startedAt };
      };
      return inLine ? deps.lock.run(url.hostname, task, request.signal) : task();
    },
    async close() {
      await Promise.all([...connections.values()].map(({ client }) => client.destroy()));
    },
  };
}

async function askOnce(
  connection: Connection,
  own: Record<string, string>,
  url: URL,
  request: ExchangeRequest,
  remainingMs: number,
): Promise<{ answer: Answer; setCookies: string[] }> {
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(remainingMs)));
  const signal = request.signal === undefined ? late : AbortSignal.any([late, request.signal]);
  const headers = {
    ...own,
    accept: request.accept ?? HTML,
    'accept-encoding': ACCEPT_ENCODING,
  };
  const method = request.method ?? 'GET';
  try {
    // The library hangs up after every HEAD unless told not to: fifty links would be fifty handshakes.
    const options = { path: url.pathname + url.search, method, headers, signal, reset: false };
    const response = await connection.client.request(options);
    const head = { status: response.statusCode, headers: flatHeaders(response.headers) };
    const isWanted = method !== 'HEAD' && (request.wantsBody?.(head) ?? true);
    const body = isWanted
      ? await readBody(response.body, head.headers, request.maxBytes)
      : await leave(response.body);
    const answer = { url: url.href, ...head, body, certificate: connection.certificate };
    return { answer, setCookies: [response.headers['set-cookie'] ?? []].flat() };
  } catch (error) {
    request.signal?.throwIfAborted();
    if (late.aborted) throw timedOut(request.timeoutMs);
    throw toFault(error, url);
  }
}

function cookiesOf(jar: CookieJar, url: URL): { cookie?: string } {
  const cookie = jar.headerFor(url);
  return cookie === null ? {} : { cookie };
}

/** A short rest is read away so that the connection can be used again; a long one ends it. */
async function leave(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  await body.dump({ limit: MAX_DUMP_BYTES });
  return Buffer.alloc(0);
}

/** Headers by their lower-case name, repeated ones joined. */
export function flatHeaders(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value ?? ''].flat().join(', ')]),
  );
}

/** The fault of an answer that took too long. */
export function timedOut(timeoutMs: number): FetchFault {
  return new FetchFault('timeout', `The site did not answer in full within ${timeoutMs / 1000} seconds.`);
}

/** What went wrong with a request, as a fault with a sentence for people. */
export function toFault(error: unknown, url: URL): FetchFault {
  if (error instanceof FetchFault) return error;
  if (error instanceof EgressRefused)
    return new FetchFault(error.code, error.message, { noSuchHost: error.noSuchHost });
  if (error instanceof CertificateRefused) return new FetchFault('unreachable', error.message);
  if (error instanceof errors.HeadersOverflowError) {
    return new FetchFault('too_large', `The answer's headers are larger than ${MAX_HEADER_BYTES / 1024} KB.`);
  }
  return new FetchFault('unreachable', `${url.host} ${whatWentWrong(error)}.`);
}

const NETWORK_SENTENCES: Record<string, string> = {
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'closes the connection without an answer',
  EPIPE: 'closes the connection without an answer',
  UND_ERR_SOCKET: 'closes the connection without a full answer',
  UND_ERR_CONNECT_TIMEOUT: 'does not accept a connection in time',
  ETIMEDOUT: 'does not accept a connection in time',
  EHOSTUNREACH: 'cannot be reached over the network',
  ENETUNREACH: 'cannot be reached over the network',
};

function whatWentWrong(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = String((first as NodeJS.ErrnoException | undefined)?.code ?? '');
  if (/^(EPROTO|ERR_SSL|ERR_TLS)/.test(code)) return 'does not speak a secure protocol that browsers accept';
  if (/^(HPE_|Z_|ERR__ERROR|UND_ERR_RES)/.test(code)) return 'gives an answer that no browser can read';
  return NETWORK_SENTENCES[code] ?? 'does not give an answer that can be read';
}
