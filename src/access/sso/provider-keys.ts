import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../runtime/clock.ts';
import type { GuardedFetch } from '../../runtime/egress/fetch.ts';
import { createHeld } from './held.ts';
import { createProviderDocuments, type ProviderDocuments, ProviderFault } from './provider-documents.ts';
import type { Trust } from './repository.ts';

/** The keys of an issuer, kept for a while; what is got throws `ProviderFault` when they cannot be had. */
export type ProviderKeys = (trust: Trust) => JWTVerifyGetKey;

const FRESH_MS = 10 * 60_000;
/** A provider that is away for longer lets nobody in: a key that it has taken back may not live on here. */
const USABLE_MS = 60 * 60_000;
/** However many tokens name an unknown key, a provider is asked so seldom; a failure counts as asking. */
const ASK_AGAIN_MS = 30_000;
/** Tenants name issuers, and may name others each minute: each has room for as many as it has connections. */
const ISSUERS = { ofTenant: 10, ofAll: 1_000 };

type Entry = {
  keys: JWTVerifyGetKey | null;
  gotAtMs: number;
  askedAtMs: number;
  asking: Promise<void> | null;
  fault: unknown;
};

/** Keeps keys for one process. They come from the issuer's own document, whichever tenant named the issuer. */
export function createProviderKeys(deps: { documents: ProviderDocuments; clock: Clock }): ProviderKeys {
  const entries = createHeld<Entry>(ISSUERS, () => ({
    keys: null,
    gotAtMs: -Infinity,
    askedAtMs: -Infinity,
    asking: null,
    fault: null,
  }));
  const nowMs = () => deps.clock.now().getTime();

  async function load(issuer: string, entry: Entry): Promise<void> {
    try {
      const discovery = await deps.documents.discovery(issuer);
      requireSameIssuer(issuer, discovery.issuer);
      const keys = await deps.documents.keys(discovery.jwksUri);
      entry.keys = createLocalJWKSet({ keys });
      entry.gotAtMs = nowMs();
      entry.fault = null;
    } catch (error) {
      entry.fault = error;
    }
  }

  /** Whether the provider was asked, by this token or by one that came just before. */
  async function askAgain(issuer: string, entry: Entry): Promise<boolean> {
    if (!entry.asking) {
      if (nowMs() - entry.askedAtMs < ASK_AGAIN_MS) return false;
      entry.askedAtMs = nowMs();
      entry.asking = load(issuer, entry).finally(() => {
        entry.asking = null;
      });
    }
    await entry.asking;
    return true;
  }

  /** Keys that may still be used let nobody wait: they are asked for again beside. */
  async function keysOf(issuer: string, entry: Entry): Promise<JWTVerifyGetKey> {
    const ageMs = () => nowMs() - entry.gotAtMs;
    if (ageMs() > USABLE_MS) await askAgain(issuer, entry);
    else if (ageMs() > FRESH_MS) void askAgain(issuer, entry);
    if (entry.keys && ageMs() <= USABLE_MS) return entry.keys;
    throw entry.fault ?? new ProviderFault('The provider has given no keys yet.');
  }

  return ({ tenantId, issuer }) =>
    async (header, token) => {
      const entry = entries.take(tenantId, issuer);
      const keys = await keysOf(issuer, entry);
      try {
        return await keys(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || !(await askAgain(issuer, entry))) throw error;
        return (await keysOf(issuer, entry))(header, token);
      }
    };
}

/** Throws `ProviderFault` unless a document speaks for the very issuer that was asked, letter by letter. */
export function requireSameIssuer(asked: string, named: string): void {
  if (asked === named) return;
  throw new ProviderFault(
    `The provider calls itself ${named.slice(0, 200)}, the connection ${asked}: they must be equal, each slash included.`,
  );
}

/** What is known of identity providers in one process. */
export type Providers = { documents: ProviderDocuments; keys: ProviderKeys };

/** Joins asking and keeping over the one guarded way out. */
export function createProviders(deps: { fetch: GuardedFetch; clock: Clock }): Providers {
  const documents = createProviderDocuments(deps.fetch);
  return { documents, keys: createProviderKeys({ documents, clock: deps.clock }) };
}
