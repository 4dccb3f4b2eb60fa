import type { LeadView } from './schemas.ts';

const COLUMNS = [
  'id',
  'url',
  'domain',
  'company_name',
  'industry',
  'status',
  'score',
  'reasons',
  'hold_code',
  'created_at',
  'notes',
] as const;

/** Characters with which a spreadsheet takes a cell for a formula, full-width ones too (OWASP, CSV injection). */
const FORMULA_START = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** Quotes a cell; one that a spreadsheet would take for a formula gets a quote mark in front. */
export function csvCell(value: string): string {
  const safe = FORMULA_START.test(value) ? `'${value}` : value;
  return /[",\r\n\t]/.test(safe) || safe !== value ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

/** One lead as a line of CSV. */
export function csvLine(lead: LeadView): string {
  const cells: Record<(typeof COLUMNS)[number], string> = {
    id: lead.id,
    url: lead.url,
    domain: lead.domain,
    company_name: lead.company_name ?? '',
    industry: lead.industry ?? '',
    status: lead.status,
    score: lead.score === null ? '' : String(lead.score),
    reasons: lead.reasons.join(' '),
    hold_code: lead.hold?.code ?? '',
    created_at: lead.created_at,
    notes: lead.notes ?? '',
  };
  return `${COLUMNS.map((name) => csvCell(cells[name])).join(',')}\r\n`;
}
