import type { FetchFacts } from '../../sites/fetch/facts.ts';
import type { LighthouseAuditFacts, LighthouseFacts } from '../../sites/lighthouse/facts.ts';
import type { ElementFact, PageFacts, ViewportFacts } from '../../sites/page/facts.ts';
import type { DetectorInput } from './types.ts';

export const ELEMENT: ElementFact = {
  selector: 'body > p',
  snippet: '<p>',
  rect: { x: 10, y: 20, width: 100, height: 30 },
};

/** What a sound page shows at one viewport. */
export function viewport(device: 'phone' | 'desktop', change: Partial<ViewportFacts> = {}): ViewportFacts {
  const width = device === 'phone' ? 390 : 1280;
  return {
    viewport: device,
    final_url: 'https://acme.example/',
    lang: 'en',
    title: 'Acme',
    meta_description: 'We repair shoes.',
    meta_viewport: 'width=device-width, initial-scale=1',
    layout_width: width,
    page_width: width,
    wide_elements: [],
    notices: [],
    contacts: [{ ...ELEMENT, kind: 'text', text: 'info@acme.example' }],
    h1: [{ ...ELEMENT, text: 'Acme', rendered: true }],
    images: [],
    links: [],
    link_elements: [],
    technologies: [],
    placeholders: [],
    text: 'Acme',
    truncated: false,
    ...change,
  };
}

/** The input of a sound site without Lighthouse; a change of a viewport counts for both unless it is named. */
export function detectorInput(
  change: {
    view?: Partial<ViewportFacts>;
    phone?: Partial<ViewportFacts>;
    events?: Partial<PageFacts['events']>;
    fetch?: Partial<FetchFacts>;
    input?: Partial<DetectorInput>;
  } = {},
): DetectorInput {
  const fetch: FetchFacts = {
    requested_url: 'https://acme.example/',
    final_url: 'https://acme.example/',
    hops: [],
    status: 200,
    headers: {},
    certificate: {
      state: 'valid',
      reason: null,
      valid_to: '2027-06-01T00:00:00Z',
      issuer: null,
      subject: null,
    },
    robots: { state: 'missing', crawl_delay_seconds: null },
    html_bytes: 1,
    html_sha256: '',
    fetched_at: '2026-11-21T12:00:00Z',
    duration_ms: 1,
    ...change.fetch,
  };
  const page: PageFacts = {
    final_url: fetch.final_url,
    phone: viewport('phone', { ...change.view, ...change.phone }),
    desktop: viewport('desktop', change.view),
    events: {
      console_errors: [],
      page_errors: [],
      failed_requests: [],
      responses: [],
      mixed_content: [],
      ...change.events,
    },
    blocked: { count: 0, first: [] },
  };
  const now = new Date('2026-11-21T12:00:00Z');
  return { fetch, page, lighthouse: null, links: null, now, technologies: [], ...change.input };
}

/** One audit of Lighthouse. */
export function audit(
  score: number | null,
  change: Partial<LighthouseAuditFacts> = {},
): LighthouseAuditFacts {
  const item = { selector: 'img', snippet: '<img>', label: null, url: null, text: null, rect: null };
  const items = score === 0 ? [item] : [];
  return {
    score,
    mode: 'binary',
    title: 't',
    display_value: null,
    impact: null,
    items,
    item_count: items.length,
    ...change,
  };
}

/** What Lighthouse says of a page on which only these audits matter. */
export function lighthouseFacts(
  audits: Record<string, LighthouseAuditFacts>,
  scores: Partial<LighthouseFacts['scores']> = {},
): LighthouseFacts {
  return {
    version: '13.5.0',
    final_url: 'https://acme.example/',
    scores: { performance: 90, accessibility: 90, best_practices: 90, seo: 90, ...scores },
    metrics: { fcp_ms: 1, lcp_ms: 1, tbt_ms: 1, cls: 0, speed_index_ms: 1 },
    audits,
    warnings: [],
    duration_ms: 1,
  };
}
