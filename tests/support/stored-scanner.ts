import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteHoldCode } from '../../src/kernel/holds.ts';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import type { Screenshot } from '../../src/sites/browser/screenshot.ts';
import type { FetchFacts, LinkCheck } from '../../src/sites/fetch/facts.ts';
import type { LighthouseFacts } from '../../src/sites/lighthouse/facts.ts';
import type { PageFacts } from '../../src/sites/page/facts.ts';
import type { Limits, SiteScanner } from '../../src/sites/scan/site-scanner.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Sites whose facts the real scanner has found and `facts/record.ts` has stored. */
export type StoredSite = 'hartleys-plumbing' | 'kestrel-joinery';
export type ScanStep = 'fetch' | 'inspect' | 'links' | 'measure';
/** Runs before a step answers: it may wait, watch the signal, or throw. `nth` counts this site's calls of the step. */
export type Behaviour = (call: { signal: AbortSignal; nth: number }) => Promise<void> | void;

export type Facts = { fetch: FetchFacts; page: PageFacts; links: LinkCheck[]; lighthouse: LighthouseFacts };
type KnownSite = {
  facts: Facts;
  on: Partial<Record<ScanStep, Behaviour>>;
  calls: ScanStep[];
  timeouts: Partial<Record<ScanStep, number | undefined>>;
};

export type StoredScanner = SiteScanner & {
  /** Lets a host answer with stored facts, or with what `change` makes of them. */
  serve(
    host: string,
    site: StoredSite,
    on?: Partial<Record<ScanStep, Behaviour>>,
    change?: (facts: Facts) => void,
  ): void;
  /** The steps that were asked of a host, in order. */
  callsOf(host: string): ScanStep[];
  /** How long each step was given. */
  timeoutsOf(host: string): Partial<Record<ScanStep, number | undefined>>;
};

/**
 * Answers as the real scanner did when the facts were recorded. It is strict: it knows no other host, and a
 * step must be asked with what the step before it answered.
 */
export function createStoredScanner(): StoredScanner {
  const sites = new Map<string, KnownSite>();
  const enter = async (step: ScanStep, url: string, { signal, timeoutMs }: Limits): Promise<Facts> => {
    const site = sites.get(hostOf(url));
    if (!site) throw new Error(`nothing is stored for ${url}`);
    site.calls.push(step);
    site.timeouts[step] = timeoutMs;
    const nth = site.calls.filter((one) => one === step).length;
    await site.on[step]?.({ signal, nth });
    signal.throwIfAborted();
    return site.facts;
  };
  return {
    serve: (host, site, on = {}, change = () => undefined) => {
      const facts = readFacts(site, host);
      change(facts);
      sites.set(host, { facts, on, calls: [], timeouts: {} });
    },
    callsOf: (host) => sites.get(host)?.calls ?? [],
    timeoutsOf: (host) => sites.get(host)?.timeouts ?? {},
    fetchSite: async ({ url, ...limits }) => (await enter('fetch', url, limits)).fetch,
    inspectPage: async ({ url, fetch, ...limits }) => {
      const facts = await enter('inspect', url, limits);
      requireSame('the fetched facts', fetch, facts.fetch);
      requireSame('the address', url, facts.fetch.final_url);
      return { page: facts.page, phone: PICTURE, desktop: PICTURE };
    },
    checkLinks: async ({ pageUrl, links, ...limits }) => {
      const facts = await enter('links', pageUrl, limits);
      const known = new Set([...facts.page.desktop.links, ...facts.page.phone.links]);
      requireSame('the links', [...links].sort(), [...known].sort());
      return facts.links;
    },
    measurePage: async ({ url, ...limits }) => {
      const facts = await enter('measure', url, limits);
      requireSame('the address', url, facts.page.final_url);
      return facts.lighthouse;
    },
  };
}

/** A step that ends in a hold, the first `times` times. */
export const holds =
  (code: SiteHoldCode, times = Number.POSITIVE_INFINITY): Behaviour =>
  ({ nth }) => {
    if (nth <= times) throw new SiteHoldError(code, `As the test asked: ${code}.`);
  };

/** A step that lasts until it is told to go on, and ends at once when it is cancelled. */
export function gate(): { behaviour: Behaviour; reached: Promise<void>; open(): void } {
  const arrived = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    behaviour: ({ signal }) => {
      arrived.resolve();
      const aborted = new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
      );
      return Promise.race([opened.promise, aborted]);
    },
    reached: arrived.promise,
    open: opened.resolve,
  };
}

/** The stored facts as they would be had the site another name. */
function readFacts(site: StoredSite, host: string): Facts {
  const text = readFileSync(join(import.meta.dirname, 'facts', `${site}.json`), 'utf8');
  return JSON.parse(text.replaceAll(`${site}.example:8443`, host)) as Facts;
}

/** Any small JPEG will do: what the picture shows is never looked at. */
const PICTURE: Screenshot = {
  jpeg: readFileSync(join(ROOT, 'examples/sites/old-mill-antiques/public/pics/parchment.jpg')),
  mime: 'image/jpeg',
  width: 390,
  height: 844,
  scale: 1,
};

function hostOf(url: string): string {
  return new URL(url.includes('://') ? url : `https://${url}`).host;
}

function requireSame(what: string, got: unknown, expected: unknown): void {
  // JSONB orders keys in its own way, so both are read back in one order.
  if (canonical(got) !== canonical(expected)) throw new Error(`${what} differ from what was answered before`);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
