import { and, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Role } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { members } from './tables.ts';

export type MemberRow = typeof members.$inferSelect;
export type NewMember = typeof members.$inferInsert;

const SORTS: SortColumns<'created_at'> = { created_at: { by: members.id, type: 'uuid' } };

/** One page of the tenant's present members. */
export async function listMembers(
  tx: Tx,
  tenant: string,
  page: PageRequest<'created_at'>,
): Promise<PageOf<MemberRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, members.id);
  const found = await tx
    .select({ row: members, key })
    .from(members)
    .where(and(eq(members.tenantId, tenant), isNull(members.removedAt), after))
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** A present member, or null. */
export async function findMember(tx: Tx, tenant: string, id: string): Promise<MemberRow | null> {
  const [row] = await tx.select().from(members).where(present(tenant, id));
  return row ?? null;
}

/** Whom a tenant knows by this identity, present or removed, or null. */
export async function findPerson(
  tx: Tx,
  tenant: string,
  { issuer, subject }: { issuer: string; subject: string },
): Promise<MemberRow | null> {
  const [row] = await tx
    .select()
    .from(members)
    .where(and(eq(members.tenantId, tenant), eq(members.issuer, issuer), eq(members.subject, subject)));
  return row ?? null;
}

/** Adds a person whom the tenant has never known; null otherwise, also for one who was removed. */
export async function insertNewPerson(tx: Tx, member: NewMember): Promise<MemberRow | null> {
  const [row] = await tx.insert(members).values(member).onConflictDoNothing().returning();
  return row ?? null;
}

/** Adds a person, also one who was a member before; null when the person is a member now. */
export async function insertMember(tx: Tx, member: NewMember): Promise<MemberRow | null> {
  const { role, email, name, createdBy } = member;
  const [row] = await tx
    .insert(members)
    .values(member)
    .onConflictDoUpdate({
      target: [members.tenantId, members.issuer, members.subject],
      set: {
        role,
        email,
        name,
        createdBy,
        roleSource: 'manual',
        removedAt: null,
        version: sql`${members.version} + 1`,
        updatedAt: sql`now()`,
      },
      setWhere: sql`${members.removedAt} is not null`,
    })
    .returning();
  return row ?? null;
}

/** Changes a present member. */
export async function changeMemberRow(
  tx: Tx,
  tenant: string,
  id: string,
  change: Partial<Pick<MemberRow, 'role' | 'roleSource' | 'name' | 'email' | 'removedAt'>>,
): Promise<MemberRow> {
  const [row] = await tx
    .update(members)
    .set({ ...change, version: sql`${members.version} + 1`, updatedAt: sql`now()` })
    .where(present(tenant, id))
    .returning();
  return row!;
}

/** Lets the role follow the claims, unless a person has set or removed it in the meantime: then null. */
export async function followClaims(
  tx: Tx,
  tenant: string,
  id: string,
  role: Role,
): Promise<MemberRow | null> {
  const [row] = await tx
    .update(members)
    .set({ role, version: sql`${members.version} + 1`, updatedAt: sql`now()` })
    .where(and(present(tenant, id), eq(members.roleSource, 'sso'), ne(members.role, role)))
    .returning();
  return row ?? null;
}

/** How many present members but this one have the role. */
export async function countOthers(tx: Tx, tenant: string, id: string, role: Role): Promise<number> {
  return tx.$count(
    members,
    and(eq(members.tenantId, tenant), ne(members.id, id), eq(members.role, role), isNull(members.removedAt)),
  );
}

const present = (tenant: string, id: string) =>
  and(eq(members.tenantId, tenant), eq(members.id, id), isNull(members.removedAt));
