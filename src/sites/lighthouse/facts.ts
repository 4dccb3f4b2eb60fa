/** What Lighthouse measured on one page: plain data, stored with the audit. */

export type LighthouseScores = {
  /** 0-100, or null when Lighthouse could not compute the category. */
  performance: number | null;
  accessibility: number | null;
  best_practices: number | null;
  seo: number | null;
};

export type LighthouseMetrics = {
  fcp_ms: number | null;
  lcp_ms: number | null;
  tbt_ms: number | null;
  cls: number | null;
  speed_index_ms: number | null;
};

/** One offender that an audit names; `rect` in CSS pixels of the 412 px wide page Lighthouse emulates. */
export type LighthouseItem = {
  selector: string | null;
  snippet: string | null;
  label: string | null;
  url: string | null;
  /** Text of the item, such as a console message. */
  text: string | null;
  rect: { x: number; y: number; width: number; height: number } | null;
};

export type LighthouseAuditFacts = {
  /** 0-1, or null when informative or not applicable. */
  score: number | null;
  mode: string;
  title: string;
  display_value: string | null;
  /** axe impact (minor, moderate, serious, critical) for accessibility audits, else null. */
  impact: string | null;
  items: LighthouseItem[];
  /** Offenders found; `items` holds at most the first 20. */
  item_count: number;
};

export type LighthouseFacts = {
  version: string;
  final_url: string;
  scores: LighthouseScores;
  metrics: LighthouseMetrics;
  audits: Record<string, LighthouseAuditFacts>;
  warnings: string[];
  duration_ms: number;
};
