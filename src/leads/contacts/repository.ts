import { and, asc, eq, isNull } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import { contacts } from './tables.ts';

export type ContactRow = typeof contacts.$inferSelect;

/** What is known of a person; at least one field has a value. */
export type ContactFields = {
  name?: string | null | undefined;
  email?: string | null | undefined;
  phone?: string | null | undefined;
  linkedin_url?: string | null | undefined;
  title?: string | null | undefined;
};

/** Adds people to a lead; one whose mail address the lead has already is left as it is. */
export async function addContacts(
  tx: Tx,
  about: { tenantId: string; leadId: string; createdBy: string },
  people: readonly ContactFields[],
): Promise<void> {
  if (people.length === 0) return;
  const rows = people.map((person) => ({
    ...about,
    id: newId(),
    name: person.name ?? null,
    email: person.email ?? null,
    phone: person.phone ?? null,
    linkedinUrl: person.linkedin_url ?? null,
    title: person.title ?? null,
  }));
  await tx.insert(contacts).values(rows).onConflictDoNothing();
}

/** The people of one lead, oldest first. */
export async function listContacts(tx: Tx, tenant: string, leadId: string): Promise<ContactRow[]> {
  return tx
    .select()
    .from(contacts)
    .where(and(eq(contacts.tenantId, tenant), eq(contacts.leadId, leadId), isNull(contacts.deletedAt)))
    .orderBy(asc(contacts.createdAt), asc(contacts.id));
}
