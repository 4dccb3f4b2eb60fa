import { z } from 'zod';
import { canonicalDomain } from '../../kernel/domain.ts';
import { AgosError } from '../../kernel/errors.ts';
import { parseTarget } from '../../runtime/egress/address.ts';
import type { ContactFields } from '../contacts/repository.ts';
import { storedUrl, type UrlRules } from '../leads/stored-url.ts';
import { fieldOf, type ImportField } from './columns.ts';
import type { LineError } from './rules.ts';

/** One line of an import with its cells by column name. */
export type ImportRow = { line: number; cells: Record<string, string>; errors: LineError[] };

/** What one good line says about a lead. */
export type ImportedLead = {
  line: number;
  url: string;
  domain: string;
  companyName: string | null;
  industry: string | null;
  notes: string | null;
  metadata: Record<string, string>;
  contact: ContactFields | null;
  /** Cells that could not be kept although the line is good. */
  errors: LineError[];
};

const MAX_CELL = 2000;
const MAX_METADATA = 50;
const email = z.email().max(254);

/** Turns one line into a lead, or says what is wrong with it; a bad contact cell does not lose the lead. */
export function readRow(row: ImportRow, urlRules: UrlRules): ImportedLead | LineError[] {
  if (row.errors.length > 0) return row.errors;
  const fields = new Map<ImportField, { column: string; value: string }>();
  const metadata: Record<string, string> = {};
  const errors: LineError[] = [];
  for (const [column, raw] of Object.entries(row.cells)) {
    const value = raw.trim();
    if (value === '') continue;
    const broken = brokenText(column, value);
    if (broken) return [broken];
    const field = fieldOf(column);
    if (field && !fields.has(field)) fields.set(field, { column, value });
    else if (Object.keys(metadata).length < MAX_METADATA) metadata[column.slice(0, 100)] = value;
  }
  const text = (field: ImportField): string | null => fields.get(field)?.value ?? null;
  const target = readUrl(fields.get('url'), urlRules);
  if ('code' in target) return [target];
  return {
    line: row.line,
    url: storedUrl(target),
    domain: canonicalDomain(target.url),
    companyName: text('company_name'),
    industry: text('industry')?.slice(0, 60) ?? null,
    notes: text('notes'),
    metadata,
    contact: readContact(fields, errors),
    errors,
  };
}

function readUrl(
  cell: { column: string; value: string } | undefined,
  urlRules: UrlRules,
): ReturnType<typeof parseTarget> | LineError {
  if (!cell) return { column: 'url', code: 'url_missing', reason: 'There is no website in this line.' };
  try {
    return parseTarget(cell.value, urlRules);
  } catch (error) {
    if (!(error instanceof AgosError)) throw error;
    return { column: cell.column, code: error.code, reason: error.message };
  }
}

function readContact(
  fields: Map<ImportField, { column: string; value: string }>,
  errors: LineError[],
): ContactFields | null {
  const value = (field: ImportField) => fields.get(field)?.value ?? null;
  const parts = [value('contact_first_name'), value('contact_last_name')].filter((part) => part !== null);
  const mail = fields.get('contact_email');
  const goodMail = mail && email.safeParse(mail.value).success ? mail.value : null;
  if (mail && !goodMail) {
    errors.push({
      column: mail.column,
      code: 'email_invalid',
      reason: 'This is not a mail address; it was left out.',
    });
  }
  const contact: ContactFields = {
    name: value('contact_name') ?? (parts.length > 0 ? parts.join(' ') : null),
    email: goodMail,
    phone: value('contact_phone'),
    linkedin_url: value('contact_linkedin_url'),
    title: value('contact_title'),
  };
  return Object.values(contact).some((one) => one !== null) ? contact : null;
}

function brokenText(column: string, value: string): LineError | null {
  if (value.includes('\u0000')) {
    return { column, code: 'invalid_text', reason: 'The cell contains a NUL character.' };
  }
  if (value.includes('\ufffd') || !value.isWellFormed()) {
    return {
      column,
      code: 'encoding_invalid',
      reason: 'The cell is not valid UTF-8. Save the file as UTF-8.',
    };
  }
  if (value.length > MAX_CELL) {
    return { column, code: 'cell_too_long', reason: `The cell is longer than ${MAX_CELL} characters.` };
  }
  return null;
}
