import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import type { Role } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { newId } from '../../runtime/ids.ts';
import { mayGrant, type Permission, permissionsOf } from '../identity/permissions.ts';
import { revokeKeysMadeBy } from '../keys/revoke-made-by.ts';
import { lockTenant } from '../tenants/repository.ts';
import { changeMemberRow, countOthers, findMember, insertMember, type MemberRow } from './repository.ts';

/** What the member verbs need: role and permissions are the caller's own, `now` the moment of removal. */
export type MemberContext = RequestContext & {
  identity: { role: Role; permissions: ReadonlySet<Permission> };
  now: Date;
  checkVersion(version: number): void;
};

/** Adds a person with a role up to the caller's own; throws `conflict` when the person is a member already. */
export async function addMember(
  ctx: MemberContext,
  input: { issuer: string; subject: string; role: Role; name: string | null; email: string | null },
): Promise<MemberRow> {
  const { tx, scope } = ctx;
  requireGrant(ctx, input.role);
  const member = await insertMember(tx, {
    tenantId: scope.tenant,
    id: newId(),
    ...input,
    createdBy: scope.actor.id,
  });
  if (!member) throw new AgosError('conflict', 'This person is a member of the tenant already.');
  await record(ctx, 'member.added', member.id, { role: input.role });
  return member;
}

export type MemberChange = {
  role?: Role;
  roleSource?: 'sso';
  name?: string | null;
  email?: string | null;
};

/**
 * Changes a member; a role that is set here stays, whatever claims say. Roles above the caller's own are
 * neither granted nor taken away. With a lower role go the keys above it that the person made.
 */
export async function changeMember(
  ctx: MemberContext,
  input: { id: string; change: MemberChange },
): Promise<MemberRow> {
  const member = await lockMember(ctx, input.id);
  ctx.checkVersion(member.version);
  const { role } = input.change;
  if (role !== undefined && role !== member.role) {
    requireGrant(ctx, role);
    await requireAnotherOwner(ctx, member);
  }
  const changed = await changeMemberRow(ctx.tx, ctx.scope.tenant, member.id, {
    ...input.change,
    ...(role !== undefined && { roleSource: 'manual' }),
  });
  await record(ctx, 'member.changed', member.id, {
    fields: Object.keys(input.change),
    ...(role && { role, revoked_keys: await revokeKeysMadeBy(ctx, { member: member.id, above: role }) }),
  });
  return changed;
}

/** Removes a member: from now on neither the person nor a key that they made has access; what they made keeps their name. */
export async function removeMember(ctx: MemberContext, input: { id: string }): Promise<void> {
  const member = await lockMember(ctx, input.id);
  await requireAnotherOwner(ctx, member);
  await changeMemberRow(ctx.tx, ctx.scope.tenant, member.id, { removedAt: ctx.now });
  const revokedKeys = await revokeKeysMadeBy(ctx, { member: member.id });
  await record(ctx, 'member.removed', member.id, { role: member.role, revoked_keys: revokedKeys });
}

/** Takes the tenant's lock first, so that two owners cannot remove each other at once. */
async function lockMember(ctx: MemberContext, id: string): Promise<MemberRow> {
  await lockTenant(ctx.tx, ctx.scope.tenant);
  const member = await findMember(ctx.tx, ctx.scope.tenant, id);
  if (!member) throw new AgosError('not_found', 'There is no such member.');
  requireRank(ctx, member.role);
  return member;
}

type Granting = Pick<MemberContext, 'identity'>;

function requireRank({ identity }: Granting, role: Role): void {
  if (mayGrant(identity.role, role)) return;
  const sentence = `As ${identity.role} you can neither grant nor change the role ${role}.`;
  throw new AgosError('permission_denied', sentence, { field: 'role' });
}

/** Throws unless the caller may hand out a role: a key narrowed to `members:write` must not let its holder in as an owner. */
export function requireGrant(ctx: Granting, granted: Role): void {
  requireRank(ctx, granted);
  const beyond = [...permissionsOf(granted)].find((one) => !ctx.identity.permissions.has(one));
  if (beyond === undefined) return;
  const sentence = `You lack the permission ${beyond} that the role ${granted} would give.`;
  throw new AgosError('permission_denied', sentence, { field: 'role' });
}

async function requireAnotherOwner(ctx: MemberContext, member: MemberRow): Promise<void> {
  if (member.role !== 'owner') return;
  if ((await countOthers(ctx.tx, ctx.scope.tenant, member.id, 'owner')) > 0) return;
  throw new AgosError('last_owner', 'This is the last owner: make somebody else an owner first.');
}

async function record(
  ctx: MemberContext,
  action: string,
  id: string,
  details: Record<string, unknown>,
): Promise<void> {
  await recordAudit(ctx, { action, resourceType: 'member', resourceId: id, details });
}
