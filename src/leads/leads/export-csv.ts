import { csvRow } from '../../api/kit/index.ts';
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

export const CSV_HEADER = csvRow(COLUMNS);

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
  return csvRow(COLUMNS.map((name) => cells[name]));
}
