import robotsParserModule from 'robots-parser';
import type { FetchSession } from '../../runtime/egress/fetch.ts';
import { FetchFault } from '../../runtime/egress/fetch-fault.ts';
import { PRODUCT_TOKEN } from '../user-agent.ts';
import type { RobotsFacts } from './facts.ts';

/** The package's types describe an ES module; as CommonJS its default import is the function itself. */
const robotsParser = robotsParserModule as unknown as typeof robotsParserModule.default;

const MAX_BYTES = 512 * 1024;
const TIMEOUT_MS = 5_000;
/** Matching takes pattern times path: a hostile file may not make it long. */
const MAX_CHARACTERS = 64 * 1024;
const MAX_LINE_CHARACTERS = 512;
const MAX_ADDRESS_CHARACTERS = 1_000;

/** A site's rules for robots, and whether they let our scanner ask for an address. */
export type Robots = {
  state: 'found' | 'missing' | 'unreadable';
  crawlDelaySeconds: number | null;
  allows(url: string): boolean;
};

/** Asks for robots.txt through the same guard and limits; a site without a readable one allows everything. */
export async function fetchRobots(
  session: FetchSession,
  pageUrl: string,
  signal?: AbortSignal,
): Promise<Robots> {
  const url = new URL('/robots.txt', pageUrl).href;
  try {
    const answer = await session.fetch({
      url,
      accept: 'text/plain,*/*;q=0.5',
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    if (answer.status >= 500 || answer.status === 429) return withoutRules('unreadable');
    const isPage = /html/i.test(answer.headers['content-type'] ?? '');
    if (answer.status !== 200 || isPage) return withoutRules('missing');
    return withRules(url, new TextDecoder().decode(answer.body));
  } catch (error) {
    if (error instanceof FetchFault) return withoutRules('unreadable');
    throw error;
  }
}

/** What the audit stores of them, for the page itself. */
export function robotsFactsFor(robots: Robots, pageUrl: string): RobotsFacts {
  const state = robots.state === 'found' ? (robots.allows(pageUrl) ? 'allowed' : 'disallowed') : robots.state;
  return { state, crawl_delay_seconds: robots.crawlDelaySeconds };
}

function withRules(url: string, text: string): Robots {
  const rules = robotsParser(url, harmless(text));
  const delay = rules.getCrawlDelay(PRODUCT_TOKEN);
  return {
    state: 'found',
    crawlDelaySeconds: delay !== undefined && Number.isFinite(delay) && delay >= 0 ? delay : null,
    allows: (address) =>
      address.length <= MAX_ADDRESS_CHARACTERS && rules.isAllowed(address, PRODUCT_TOKEN) !== false,
  };
}

function withoutRules(state: 'missing' | 'unreadable'): Robots {
  return { state, crawlDelaySeconds: null, allows: () => true };
}

function harmless(text: string): string {
  return text
    .slice(0, MAX_CHARACTERS)
    .split(/\r\n|\r|\n/)
    .filter((line) => line.length <= MAX_LINE_CHARACTERS)
    .join('\n');
}
