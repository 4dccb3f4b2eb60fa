/** What the HTTP fetch of one site found: plain data, stored with the audit. */

/** One answer on the way to the final page. */
export type Hop = { url: string; status: number; location: string | null };

/** The certificate of the final page's host, as a browser with a correct clock would judge it. */
export type CertificateFacts = {
  /** `none` when the final page is http; `expired` before any other fault of chain, name or date. */
  state: 'none' | 'valid' | 'expired' | 'invalid';
  /** Sentence that names the fault, or null when there is none. */
  reason: string | null;
  valid_to: string | null;
  issuer: string | null;
  subject: string | null;
};

export type RobotsFacts = {
  state: 'allowed' | 'disallowed' | 'missing' | 'unreadable';
  crawl_delay_seconds: number | null;
};

/** One same-origin link of the page, asked once. */
export type LinkCheck = {
  url: string;
  status: number | null;
  outcome: 'ok' | 'broken' | 'unknown';
  reason: string | null;
};

export type FetchFacts = {
  requested_url: string;
  final_url: string;
  hops: Hop[];
  status: number;
  /** Response headers of the final page, names in lower case, values cut at 1,000 characters. */
  headers: Record<string, string>;
  certificate: CertificateFacts;
  robots: RobotsFacts;
  html_bytes: number;
  html_sha256: string;
  fetched_at: string;
  duration_ms: number;
};
