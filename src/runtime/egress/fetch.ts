import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../clock.ts';
import { createTrust } from './connector.ts';
import {
  type Answer,
  createExchange,
  type Exchange,
  type ExchangeDeps,
  type ExchangeRequest,
  type SessionOptions,
} from './exchange.ts';
import { FetchFault, type FetchHop } from './fetch-fault.ts';
import type { EgressGuard } from './guard.ts';
import { createKeyedLock } from './keyed-lock.ts';

export const MAX_REDIRECTS = 5;

const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);

export type FetchRequest = ExchangeRequest & {
  /** How many redirects are followed; five unless less is wanted. */
  maxRedirects?: number;
  /** A redirect that the answer's body asks for, such as a meta refresh. */
  redirectIn?: (answer: Answer) => string | null;
};

export type Fetched = Answer & { hops: FetchHop[] };

/** A set of connections that share their fate: one for each origin, closed together. */
export type FetchSession = {
  /** Follows redirects, each judged as if it were the first; throws FetchFault. */
  fetch(request: FetchRequest): Promise<Fetched>;
  close(): Promise<void>;
};

export type GuardedFetch = { open(options: SessionOptions): FetchSession };

export type GuardedFetchDeps = {
  guard: EgressGuard;
  userAgent: string;
  clock: Clock;
  /** PEM of one more authority, for development. */
  extraCa?: string | undefined;
};

/** Makes the only HTTP client that may be given a stranger's address: no environment proxy, no cookies beyond a session. */
export function createGuardedFetch(deps: GuardedFetchDeps): GuardedFetch {
  const shared: ExchangeDeps = { ...deps, secureContext: createTrust(deps.extraCa), lock: createKeyedLock() };
  return {
    open(options) {
      const exchange = createExchange(shared, options);
      return { fetch: (request) => follow(deps.guard, exchange, request), close: () => exchange.close() };
    },
  };
}

async function follow(guard: EgressGuard, exchange: Exchange, request: FetchRequest): Promise<Fetched> {
  const hops: FetchHop[] = [];
  const { maxRedirects = MAX_REDIRECTS } = request;
  let remainingMs = request.timeoutMs;
  let url = request.url;
  for (;;) {
    const { answer, elapsedMs } = await askAt(guard, exchange, { ...request, url }, remainingMs, hops);
    remainingMs -= elapsedMs;
    const location = locationOf(answer) ?? request.redirectIn?.(answer) ?? null;
    if (location === null) return { ...answer, hops };
    hops.push({ url, status: answer.status, location });
    if (hops.length > maxRedirects) {
      const sentence =
        maxRedirects === 0
          ? 'The address redirects, which is not followed.'
          : `The address redirects more than ${maxRedirects} times.`;
      throw new FetchFault('too_many_redirects', sentence, { hops });
    }
    url = location;
  }
}

async function askAt(
  guard: EgressGuard,
  exchange: Exchange,
  request: FetchRequest,
  remainingMs: number,
  hops: FetchHop[],
): ReturnType<Exchange['ask']> {
  try {
    guard.checkUrl(request.url);
    return await exchange.ask(request, remainingMs);
  } catch (error) {
    throw atHop(error, request.url, hops);
  }
}

/** A forbidden first address is the caller's, a forbidden later one is the fault of the hop that named it. */
function atHop(error: unknown, url: string, hops: FetchHop[]): unknown {
  const isRefusal =
    error instanceof AgosError || (error instanceof FetchFault && error.code === 'target_forbidden');
  if (isRefusal && hops.length > 0) {
    const sentence = `Redirect ${hops.length} leads to ${url.slice(0, 200)}, which is refused: ${error.message}`;
    return new FetchFault('redirect_forbidden', sentence, { hops });
  }
  if (isRefusal) return new FetchFault('target_forbidden', error.message);
  if (error instanceof FetchFault) {
    return new FetchFault(error.code, error.message, { hops, noSuchHost: error.noSuchHost });
  }
  return error;
}

function locationOf(answer: Answer): string | null {
  const location = answer.headers.location;
  if (location === undefined || !REDIRECT_STATUSES.has(answer.status)) return null;
  return URL.canParse(location, answer.url) ? new URL(location, answer.url).href : null;
}
