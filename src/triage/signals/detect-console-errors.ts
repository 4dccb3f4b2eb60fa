import type { PageFacts } from '../../sites/page/facts.ts';
import { clip, EVIDENCE_LIMIT, notFound, sentence } from './evidence.ts';
import { failedBecauseOfUs, sameSite } from './requests.ts';
import type { Detector } from './types.ts';

type Entry = { text: string; url: string | null };

/** The browser wrote errors to its console that are the site's own. */
export const detectConsoleErrors: Detector = ({ page, lighthouse }) => {
  const audit = lighthouse?.audits['errors-in-console'];
  const answered = audit !== undefined && audit.score !== null;
  const entries = answered
    ? audit.items.map((item) => ({ text: item.text ?? item.label ?? '', url: item.url }))
    : noticed(page);
  const texts = [
    ...new Set(
      entries
        .filter((entry) => isTheSites(entry, page))
        .map((entry) => (entry.url ? `${entry.text} (${entry.url})` : entry.text)),
    ),
  ];
  if (texts.length === 0) return notFound({ errors: 0 });
  const evidence = texts.map((text) => ({
    ...sentence('The browser reports an error that the page causes.'),
    snippet: clip(text),
  }));
  return { detected: true, value: { errors: texts.length }, evidence: evidence.slice(0, EVIDENCE_LIMIT) };
};

function noticed(page: PageFacts): Entry[] {
  const uncaught = page.events.page_errors.map(({ text }) => ({ text, url: null }));
  return [...page.events.console_errors, ...uncaught];
}

/** Not what our own proxy refused, a tab icon nobody asked for, or a stranger's server we could not reach. */
function isTheSites(entry: Entry, page: PageFacts): boolean {
  if (entry.url !== null && /\/favicon\.ico(?:$|\?)/.test(entry.url)) return false;
  if (
    /ERR_BLOCKED_BY_CLIENT|ERR_TUNNEL_CONNECTION_FAILED|ERR_PROXY|ERR_BLOCKED_BY_ADMINISTRATOR/.test(
      entry.text,
    )
  )
    return false;
  const status = Number(/status of (\d{3})/.exec(entry.text)?.[1] ?? 0);
  if (failedBecauseOfUs(status)) return false;
  const unreachable = /net::ERR_/.test(entry.text) && entry.url !== null;
  return !(unreachable && !sameSite(entry.url ?? '', page.final_url));
}
