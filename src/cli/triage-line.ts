import type { LeadView } from '../leads/leads/schemas.ts';
import type { AuditView } from '../triage/audits/schemas.ts';
import type { ApiError } from './client.ts';
import { EXIT, type ExitCode } from './exit.ts';

/** One URL's result as `agos triage --json` prints it. */
export type TriageLine = {
  url: string;
  final_url: string | null;
  status: LeadView['status'] | null;
  score: number | null;
  reasons: string[];
  signals: AuditView['signals'];
  lighthouse: AuditView['lighthouse'];
  screenshots: AuditView['screenshots'];
  summary: AuditView['summary'];
  hold: { code: string; message: string } | null;
  awaiting: LeadView['awaiting'];
  duration_ms: number | null;
  lead_id: string | null;
  workflow_id: string | null;
  workflow_url: string | null;
};

const EMPTY = {
  final_url: null,
  status: null,
  score: null,
  reasons: [],
  signals: [],
  lighthouse: null,
  screenshots: { phone: null, desktop: null },
  summary: null,
  hold: null,
  awaiting: null,
  duration_ms: null,
  lead_id: null,
  workflow_id: null,
  workflow_url: null,
} satisfies Omit<TriageLine, 'url'>;

/** The line of a URL that the API refused: its error code stands where a hold would. */
export function refusedLine(url: string, error: ApiError): TriageLine {
  return { ...EMPTY, url, hold: { code: error.code, message: error.message } };
}

/** The line of a lead, with its newest audit once there is one. */
export function leadLine(url: string, lead: LeadView, audit: AuditView | null): TriageLine {
  const hold = lead.hold && { code: lead.hold.code, message: lead.hold.message };
  const base = { ...EMPTY, url, status: lead.status, hold, awaiting: lead.awaiting, lead_id: lead.id };
  if (!audit) return base;
  const { final_url, signals, lighthouse, screenshots, summary, duration_ms, workflow_id, workflow_url } =
    audit;
  const figures = {
    final_url,
    signals,
    lighthouse,
    screenshots,
    summary,
    duration_ms,
    workflow_id,
    workflow_url,
  };
  return { ...base, ...figures, score: audit.score, reasons: audit.reasons };
}

/** What one line means for the exit code; a refused URL has no lead. */
export function exitCodeOf(line: TriageLine): ExitCode {
  if (line.lead_id === null) return EXIT.refused;
  return line.hold || line.awaiting ? EXIT.heldOrAwaiting : EXIT.ok;
}
