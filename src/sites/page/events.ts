/** What the browser noticed while one viewport's page loaded: plain data, filled by the visit. */
export type PageEvents = {
  console_errors: { text: string; url: string | null; line: number | null }[];
  page_errors: { text: string }[];
  failed_requests: { url: string; resource_type: string; error: string }[];
  /** The first 300 answers of the page's own requests. */
  responses: { url: string; resource_type: string; status: number; mime: string | null }[];
  /** Requests over http that a page served over https made: blocked, upgraded or let through. */
  mixed_content: { url: string; resource_type: string }[];
};

/** Requests of the page that were not let out: how many, and the first twenty. */
export type BlockedFacts = { count: number; first: { url: string; reason: string }[] };

/** Joins what both viewports noticed, each problem once. */
export function mergeEvents(phone: PageEvents, desktop: PageEvents): PageEvents {
  const once = <T>(items: T[], keyOf: (item: T) => string): T[] =>
    [...new Map(items.map((item) => [keyOf(item), item] as const).reverse()).values()].reverse();
  return {
    console_errors: once(
      [...phone.console_errors, ...desktop.console_errors],
      (one) => `${one.text} ${one.url}`,
    ),
    page_errors: once([...phone.page_errors, ...desktop.page_errors], (one) => one.text),
    failed_requests: once([...phone.failed_requests, ...desktop.failed_requests], (one) => one.url),
    responses: once([...phone.responses, ...desktop.responses], (one) => one.url),
    mixed_content: once([...phone.mixed_content, ...desktop.mixed_content], (one) => one.url),
  };
}
