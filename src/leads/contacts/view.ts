import type { z } from '@hono/zod-openapi';
import type { contactView } from '../leads/schemas.ts';
import type { ContactRow } from './repository.ts';

/** A person as the API shows them. */
export function toContactView(row: ContactRow): z.output<typeof contactView> {
  const { id, name, email, phone, linkedinUrl, title } = row;
  return { id, name, email, phone, linkedin_url: linkedinUrl, title };
}
