import { z } from 'zod';
import { canonicalDomain } from '../../kernel/domain.ts';
import { AgosError } from '../../kernel/errors.ts';
import { parseTarget } from '../../runtime/egress/address.ts';
import type { ContactFields } from '../contacts/repository.ts';
import { storedUrl, type UrlRules } from '../leads/stored-url.ts';
import { fieldOf, type ImportField } from './columns.ts';
import { type LineError, lineError, storable } from './rules.ts';

/** One line of an import with its cells by column name. */
export type ImportRow = {
  line: number;
  cells: Record<string, string>;
  /** Why the line is no row at all. */
  errors: LineError[];
  /** Cells that were left out although the row is good. */
  leftOut: LineError[];
};

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
  const sorted = sortCells(row.cells);
  if ('code' in sorted) return [...row.leftOut, sorted];
  const { fields, metadata } = sorted;
  const text = (field: ImportField): string | null => fields.get(field)?.value ?? null;
  const target = readUrl(fields.get('url'), urlRules);
  if ('code' in target) return [...row.leftOut, target];
  const errors = [...row.leftOut];
  return {
    line: row.line,
    url: storedUrl(target),
    domain: canonicalDomain(target.url),
    companyName: text('company_name'),
    industry: storable(text('industry') ?? '', 60) || null,
    notes: text('notes'),
    metadata: Object.fromEntries(metadata),
    contact: readContact(fields, errors),
    errors,
  };
}

type Fields = Map<ImportField, { column: string; value: string }>;

/** Sorts the cells of a row into what we know and what stays as metadata, or says which one is broken. */
function sortCells(
  cells: Record<string, string>,
): { fields: Fields; metadata: Map<string, string> } | LineError {
  const fields: Fields = new Map();
  const metadata = new Map<string, string>();
  for (const [column, raw] of Object.entries(cells)) {
    // Only blanks are trimmed: a tab or line break at the start belongs to the text (and may be an attack).
    const value = raw.replace(/^[ \u00a0]+|[ \u00a0]+$/g, '');
    if (value.trim() === '') continue;
    const broken = brokenText(column, column) ?? brokenText(column, value);
    if (broken) return broken;
    const field = fieldOf(column);
    if (field && !fields.has(field)) fields.set(field, { column, value });
    else if (metadata.size < MAX_METADATA) metadata.set(storable(column, 100), value);
  }
  return { fields, metadata };
}

function readUrl(
  cell: { column: string; value: string } | undefined,
  urlRules: UrlRules,
): ReturnType<typeof parseTarget> | LineError {
  if (!cell) return lineError('url', 'url_missing', 'There is no website in this line.');
  try {
    return parseTarget(cell.value, urlRules);
  } catch (error) {
    if (!(error instanceof AgosError)) throw error;
    return lineError(cell.column, error.code, error.message);
  }
}

function readContact(fields: Fields, errors: LineError[]): ContactFields | null {
  const value = (field: ImportField) => fields.get(field)?.value ?? null;
  const parts = [value('contact_first_name'), value('contact_last_name')].filter((part) => part !== null);
  const mail = fields.get('contact_email');
  const address = mail?.value.trim();
  const goodMail = address !== undefined && email.safeParse(address).success ? address : null;
  if (mail && !goodMail) {
    errors.push(lineError(mail.column, 'email_invalid', 'This is not a mail address; it was left out.'));
  }
  const contact: ContactFields = {
    name: value('contact_name') ?? (parts.length > 0 ? parts.join(' ') : null),
    email: goodMail,
    phone: value('contact_phone'),
    linkedin_url: readLink(fields.get('contact_linkedin_url'), errors),
    title: value('contact_title'),
  };
  return Object.values(contact).some((one) => one !== null) ? contact : null;
}

/** A profile's address becomes a link on pages of ours, so it must be one of the web. */
function readLink(cell: { column: string; value: string } | undefined, errors: LineError[]): string | null {
  if (!cell) return null;
  const text = cell.value.trim();
  const link = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (
    /^[^\s]+$/.test(text) &&
    link.length <= 500 &&
    URL.canParse(link) &&
    new URL(link).hostname.includes('.')
  ) {
    return link;
  }
  errors.push(lineError(cell.column, 'url_invalid', 'This is not an address on the web; it was left out.'));
  return null;
}

function brokenText(column: string, value: string): LineError | null {
  if (value.includes('\u0000')) {
    return lineError(column, 'invalid_text', 'The cell contains a NUL character.');
  }
  if (value.includes('\ufffd') || !value.isWellFormed()) {
    return lineError(column, 'encoding_invalid', 'The cell is not valid UTF-8. Save the file as UTF-8.');
  }
  if (value.length > MAX_CELL) {
    return lineError(column, 'cell_too_long', `The cell is longer than ${MAX_CELL} characters.`);
  }
  return null;
}
