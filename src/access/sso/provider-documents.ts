import type { JWK } from 'jose';
import type { Answer } from '../../runtime/egress/exchange.ts';
import type { GuardedFetch } from '../../runtime/egress/fetch.ts';
import type { FetchFault } from '../../runtime/egress/fetch-fault.ts';
import { publicKeyOf } from './public-key.ts';

/** A provider that cannot be used as it is; the message is a sentence for who set it up. */
export class ProviderFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ProviderFault';
  }
}

/** What a provider's discovery document says, as far as it is used. */
export type Discovery = {
  issuer: string;
  jwksUri: string;
  /** Null where the document does not say. */
  algorithms: string[] | null;
  /** The provider's clock, to the second; null without one. */
  date: Date | null;
};

/** Asks a provider for its documents: an address from a stranger, so guarded, small, soon, and never elsewhere. */
export type ProviderDocuments = {
  /** Throws `ProviderFault`; `issuer` is what the document claims, for the caller to compare. */
  discovery(issuer: string): Promise<Discovery>;
  /** The keys that can verify a signature, without any secret one; throws `ProviderFault`. */
  keys(jwksUri: string): Promise<JWK[]>;
};

const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 3_000;
/** Large providers publish about ten. */
const MAX_KEYS = 32;
const MAX_ALGORITHMS = 100;

/** Makes the asking side. */
export function createProviderDocuments(fetch: GuardedFetch): ProviderDocuments {
  return {
    discovery: async (issuer) => {
      const { body, answer } = await readJson(fetch, discoveryUrl(issuer));
      const { issuer: named, jwks_uri: jwksUri, id_token_signing_alg_values_supported: algorithms } = body;
      if (typeof named !== 'string' || typeof jwksUri !== 'string') {
        throw new ProviderFault('The discovery document lacks "issuer" or "jwks_uri".');
      }
      return { issuer: named, jwksUri, algorithms: textsOf(algorithms), date: dateOf(answer) };
    },
    keys: async (jwksUri) => {
      const { body } = await readJson(fetch, jwksUri);
      if (!Array.isArray(body.keys)) throw new ProviderFault('The key document has no list of keys.');
      return body.keys
        .map(publicKeyOf)
        .filter((key) => key !== null)
        .slice(0, MAX_KEYS);
    },
  };
}

/** Where an issuer's discovery document is: the slash at its end does not count here, and only here. */
export function discoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

async function readJson(
  fetch: GuardedFetch,
  url: string,
): Promise<{ body: Record<string, unknown>; answer: Answer }> {
  if (!url.startsWith('https://')) throw new ProviderFault(`${shown(url)} is not an https address.`);
  // Not in line: another tenant's issuer on the same host would hold up the keys of all who sign in there.
  const session = fetch.open({ tls: 'verify', inLine: false });
  try {
    const answer = await session.fetch({
      url,
      accept: 'application/json',
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      maxRedirects: 0,
      wantsBody: ({ status }) => status === 200,
    });
    if (answer.status !== 200) throw new ProviderFault(`${shown(url)} answers with status ${answer.status}.`);
    return { body: parseObject(answer.body.toString(), url), answer };
  } catch (error) {
    throw isFetchFault(error) ? new ProviderFault(`${shown(url)}: ${error.message}`) : error;
  } finally {
    await session.close();
  }
}

function parseObject(text: string, url: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as never;
  } catch {
    // The same sentence says it.
  }
  throw new ProviderFault(`${shown(url)} does not answer with a JSON object.`);
}

const isFetchFault = (error: unknown): error is FetchFault =>
  error instanceof Error && error.name === 'FetchFault';

const textsOf = (value: unknown): string[] | null =>
  Array.isArray(value) ? value.slice(0, MAX_ALGORITHMS).filter((one) => typeof one === 'string') : null;

function dateOf({ headers }: Answer): Date | null {
  const ms = Date.parse(headers.date ?? '');
  return Number.isNaN(ms) ? null : new Date(ms);
}

const shown = (url: string): string => url.slice(0, 200);
