import type { FetchFacts } from '../../sites/fetch/facts.ts';
import type { PageFacts } from '../../sites/page/facts.ts';
import type { Technology } from '../playbooks/schema.ts';
import { EVIDENCE_LIMIT, notFound } from './evidence.ts';
import type { Detector, Evidence } from './types.ts';

type Use = { id: string; version: string | null; where: string; selector: string | null };

const HEADER_VERSIONS: { header: string; id: string; pattern: RegExp }[] = [
  { header: 'x-powered-by', id: 'php', pattern: /\bPHP\/(\d+(?:\.\d+)*)/i },
  { header: 'server', id: 'php', pattern: /\bPHP\/(\d+(?:\.\d+)*)/i },
  { header: 'server', id: 'apache', pattern: /^Apache\/(\d+(?:\.\d+)*)/i },
  { header: 'server', id: 'iis', pattern: /^Microsoft-IIS\/(\d+(?:\.\d+)*)/i },
  { header: 'x-aspnet-version', id: 'asp-net', pattern: /^(\d+(?:\.\d+)*)/ },
  { header: 'x-generator', id: 'drupal', pattern: /^Drupal (\d+)/i },
];

/** A technology of the page stands in the playbooks' table of outdated ones. */
export const detectTechnology: Detector = ({ fetch, page, technologies }) => {
  const uses = [...pageUses(page), ...headerUses(fetch)];
  const found = new Map<string, { technology: Technology; use: Use }>();
  for (const use of uses) {
    const technology = technologies.find((one) => one.id === use.id);
    const key = `${use.id} ${use.version ?? ''}`;
    if (technology && isOutdated(technology, use.version) && !found.has(key))
      found.set(key, { technology, use });
  }
  const outdated = [...found.values()];
  if (outdated.length === 0) return notFound({ technologies: [] });
  return {
    detected: true,
    value: {
      technologies: outdated.map(({ technology, use }) => ({ name: technology.name, version: use.version })),
    },
    evidence: outdated.slice(0, EVIDENCE_LIMIT).map(toEvidence),
  };
};

function toEvidence({ technology, use }: { technology: Technology; use: Use }): Evidence {
  const version = use.version === null ? '' : ` ${use.version}`;
  const text = `${technology.name}${version}, seen in ${use.where}. ${technology.why}`;
  return { selector: use.selector, snippet: null, region: null, text };
}

function pageUses(page: PageFacts): Use[] {
  return [...page.phone.technologies, ...page.desktop.technologies].map((fact) => ({
    id: fact.id,
    version: fact.version,
    where: fact.detail,
    selector: fact.selector,
  }));
}

function headerUses(fetch: FetchFacts): Use[] {
  return HEADER_VERSIONS.flatMap(({ header, id, pattern }) => {
    const version = pattern.exec(fetch.headers[header] ?? '')?.[1];
    return version === undefined
      ? []
      : [{ id, version, where: 'what the server says about itself', selector: null }];
  });
}

function isOutdated(technology: Technology, version: string | null): boolean {
  if (technology.below === undefined) return true;
  return version !== null && compareVersions(version, technology.below) < 0;
}

/** Compares two versions part by part; a missing part counts as 0. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [a.split('.').map(Number), b.split('.').map(Number)];
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
