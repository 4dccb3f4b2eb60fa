import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { insertNew } from '../../runtime/database/insert-new.ts';
import { newId } from '../../runtime/ids.ts';
import type { ContactFields } from '../contacts/repository.ts';
import { contacts } from '../contacts/tables.ts';
import { keepPlansOfChecks } from './plans-of-checks.ts';

type Fields = { name: string | null; phone: string | null; linkedinUrl: string | null; title: string | null };
type Person = Fields & { id: string; leadId: string; email: string | null };

/**
 * Stores the people of a chunk. One is known by the mail address at the lead, or, without one, by all that
 * is said of them; who is known already gets only empty fields filled.
 */
export async function storeContacts(
  tx: Tx,
  owner: { tenantId: string; createdBy: string },
  people: readonly { leadId: string; contact: ContactFields }[],
): Promise<void> {
  if (people.length === 0) return;
  const stored = await findPeople(tx, owner.tenantId, [...new Set(people.map((one) => one.leadId))]);
  const known = new Map(stored.map((person) => [keyOf(person), person]));
  const added: Person[] = [];
  const filled = new Set<Person>();
  for (const { leadId, contact } of people) {
    const person = toPerson(leadId, contact);
    const same = known.get(keyOf(person));
    if (!same) {
      known.set(keyOf(person), person);
      added.push(person);
    } else if (fill(same, person) && !added.includes(same)) filled.add(same);
  }
  // Always in the same order: two imports that meet wait for each other and never in a circle.
  added.sort(byKey);
  const { tenantId, createdBy } = owner;
  await keepPlansOfChecks(tx);
  await insertNew(
    tx,
    contacts,
    added.map((person) => ({ tenantId, createdBy, ...person })),
  );
  for (const { id, leadId: _lead, email: _email, ...fields } of [...filled].sort(byKey)) {
    await tx
      .update(contacts)
      .set(fields)
      .where(and(eq(contacts.tenantId, owner.tenantId), eq(contacts.id, id)));
  }
}

async function findPeople(tx: Tx, tenant: string, leadIds: string[]): Promise<Person[]> {
  const { id, leadId, name, email, phone, linkedinUrl, title } = contacts;
  return tx
    .select({ id, leadId, name, email, phone, linkedinUrl, title })
    .from(contacts)
    .where(and(eq(contacts.tenantId, tenant), inArray(contacts.leadId, leadIds), isNull(contacts.deletedAt)));
}

function toPerson(leadId: string, contact: ContactFields): Person {
  const { name = null, email = null, phone = null, linkedin_url: linkedinUrl = null, title = null } = contact;
  return { id: newId(), leadId, name, email, phone, linkedinUrl, title };
}

function keyOf({ leadId, email, name, phone, linkedinUrl, title }: Person): string {
  return JSON.stringify([leadId, email === null ? [name, phone, linkedinUrl, title] : email.toLowerCase()]);
}

const byKey = (a: Person, b: Person): number => (keyOf(a) < keyOf(b) ? -1 : 1);

/** Gives a person the fields that they lack; tells whether that changed anything. */
function fill(person: Person, from: Fields): boolean {
  let changed = false;
  for (const field of ['name', 'phone', 'linkedinUrl', 'title'] as const) {
    if (person[field] !== null || from[field] === null) continue;
    person[field] = from[field];
    changed = true;
  }
  return changed;
}
