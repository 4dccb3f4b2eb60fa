import type { Result } from 'lighthouse';
import type { LighthouseAuditFacts, LighthouseFacts, LighthouseMetrics, LighthouseScores } from './facts.ts';
import { mapItems } from './map-items.ts';

type AuditResult = Result['audits'][string];

const MAX_TEXT = 500;

/** Turns Lighthouse's report into plain data; what could not be computed is null. */
export function mapResult(report: Result, durationMs: number): LighthouseFacts {
  return {
    version: report.lighthouseVersion,
    final_url: report.finalDisplayedUrl,
    scores: mapScores(report),
    metrics: mapMetrics(report),
    audits: Object.fromEntries(
      visibleAudits(report).map((id) => [id, mapAudit(report.audits[id] as AuditResult)]),
    ),
    warnings: [...report.runWarnings, ...(report.runtimeError ? [report.runtimeError.message] : [])].map(cut),
    duration_ms: durationMs,
  };
}

function mapScores({ categories }: Result): LighthouseScores {
  const score = (id: string): number | null => {
    const value = categories[id]?.score;
    return typeof value === 'number' ? Math.round(value * 100) : null;
  };
  return {
    performance: score('performance'),
    accessibility: score('accessibility'),
    best_practices: score('best-practices'),
    seo: score('seo'),
  };
}

function mapMetrics({ audits }: Result): LighthouseMetrics {
  const value = (id: string): number | null => audits[id]?.numericValue ?? null;
  const milliseconds = (id: string): number | null => {
    const exact = value(id);
    return exact === null ? null : Math.round(exact);
  };
  return {
    fcp_ms: milliseconds('first-contentful-paint'),
    lcp_ms: milliseconds('largest-contentful-paint'),
    tbt_ms: milliseconds('total-blocking-time'),
    cls: value('cumulative-layout-shift'),
    speed_index_ms: milliseconds('speed-index'),
  };
}

/** Hidden audits are raw material for the others: long tables that name no fault. */
function visibleAudits({ categories, audits }: Result): string[] {
  const refs = Object.values(categories).flatMap(({ auditRefs }) => auditRefs);
  return [...new Set(refs.filter(({ group }) => group !== 'hidden').map(({ id }) => id))].filter(
    (id) => audits[id] !== undefined,
  );
}

function mapAudit(audit: AuditResult): LighthouseAuditFacts {
  const { items, count } = mapItems(audit.details);
  return {
    score: audit.score,
    mode: audit.scoreDisplayMode,
    title: cut(audit.title),
    display_value: audit.displayValue === undefined ? null : cut(audit.displayValue),
    impact: impactOf(audit),
    items,
    item_count: count,
  };
}

function impactOf({ details }: AuditResult): string | null {
  if (details?.type !== 'table' && details?.type !== 'opportunity') return null;
  const impact = details.debugData?.impact;
  return typeof impact === 'string' ? impact : null;
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT);
}
