/** Fields that the columns of an import can fill. */
export type ImportField =
  | 'url'
  | 'company_name'
  | 'industry'
  | 'notes'
  | 'contact_name'
  | 'contact_first_name'
  | 'contact_last_name'
  | 'contact_email'
  | 'contact_phone'
  | 'contact_linkedin_url'
  | 'contact_title';

/** Spellings of column names in the wild, lower case with words joined by `_`; a field's own name comes first. */
export const SPELLINGS: Record<ImportField, readonly string[]> = {
  url: ['url', 'website', 'web_site', 'site', 'domain', 'homepage', 'web', 'website_url', 'company_website'],
  company_name: [
    'company_name',
    'company',
    'business',
    'business_name',
    'organization',
    'organisation',
    'account',
  ],
  industry: ['industry', 'sector', 'vertical', 'trade'],
  notes: ['notes', 'note', 'comment', 'comments'],
  contact_name: ['contact_name', 'contact', 'full_name', 'person', 'owner_name'],
  contact_first_name: ['contact_first_name', 'first_name', 'firstname', 'given_name'],
  contact_last_name: ['contact_last_name', 'last_name', 'lastname', 'surname', 'family_name'],
  contact_email: ['contact_email', 'email', 'e_mail', 'email_address', 'mail'],
  contact_phone: ['contact_phone', 'phone', 'phone_number', 'telephone', 'tel', 'mobile'],
  contact_linkedin_url: ['contact_linkedin_url', 'linkedin', 'linkedin_url', 'linkedin_profile'],
  contact_title: ['contact_title', 'title', 'job_title', 'position', 'role'],
};

const FIELD_BY_SPELLING = new Map(
  Object.entries(SPELLINGS).flatMap(([field, spellings]) =>
    spellings.map((spelling) => [spelling, field as ImportField] as const),
  ),
);

/** The field that a column fills, or null for one that stays as metadata. */
export function fieldOf(column: string): ImportField | null {
  const spelling = column
    .trim()
    .toLowerCase()
    .replace(/[\s.\-/]+/g, '_');
  return FIELD_BY_SPELLING.get(spelling) ?? null;
}
