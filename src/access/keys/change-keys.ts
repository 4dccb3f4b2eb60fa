import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import type { Role, TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { newId } from '../../runtime/ids.ts';
import type { Identity } from '../identity/identity.ts';
import { mayGrant, type Permission, permissionsOf } from '../identity/permissions.ts';
import { findMember } from '../members/repository.ts';
import { lockTenant } from '../tenants/repository.ts';
import { findKey, insertKey, type KeyRow, revokeKeyRow } from './repository.ts';
import { newKeySecret } from './secret.ts';

export type KeyContext = RequestContext & { identity: Identity; now: Date };

/** Makes a key that can do no more than the caller; the key itself is answered once and never stored. */
export async function createKey(
  ctx: KeyContext,
  input: { name: string; role: Role; scopes: Permission[] | null; expiresAt: Date | null },
): Promise<{ row: KeyRow; key: string }> {
  const { tx, scope, identity } = ctx;
  requireWithinOwn(identity, input);
  if (input.expiresAt && input.expiresAt <= ctx.now) {
    throw new AgosError('validation_failed', 'The key would have expired already.', { field: 'expires_at' });
  }
  await requireMaker(ctx, input.role);
  const { key, prefix, hash } = newKeySecret();
  const row = await insertKey(tx, {
    tenantId: scope.tenant,
    id: newId(),
    ...input,
    prefix,
    hash,
    createdBy: scope.actor.id,
  });
  const details = { name: input.name, role: input.role, scopes: input.scopes };
  await recordAudit(ctx, { action: 'key.created', resourceType: 'key', resourceId: row.id, details });
  return { row, key };
}

/** Revokes a key at once; one that is revoked already stays as it is. */
export async function revokeKey(ctx: KeyContext, input: { id: string }): Promise<void> {
  const { tx, scope } = ctx;
  const known = await findKey(tx, scope.tenant, input.id);
  if (!known) throw new AgosError('not_found', 'There is no such key.');
  if (!mayGrant(ctx.identity.role, known.role)) {
    throw new AgosError(
      'permission_denied',
      `As ${ctx.identity.role} you cannot revoke a key of role ${known.role}.`,
    );
  }
  if (!(await revokeKeyRow(tx, scope.tenant, input.id, ctx.now))) return;
  await recordAudit(ctx, { action: 'key.revoked', resourceType: 'key', resourceId: input.id });
}

/**
 * Looks at the maker again, taking turns with whoever removes a member: a request that was let in before the
 * removal must not leave a key behind it.
 */
async function requireMaker({ tx, scope }: KeyContext, role: Role): Promise<void> {
  await lockTenant(tx, scope.tenant);
  const own = await roleOfMaker(tx, scope);
  if (own && mayGrant(own, role)) return;
  throw new AgosError('permission_denied', 'You may not make such a key any more.');
}

/** The role of a member who is present, or of a key that is not revoked; null for who is gone. */
async function roleOfMaker(tx: Tx, { tenant, actor }: TenantScope): Promise<Role | null> {
  if (actor.kind === 'member') return (await findMember(tx, tenant, actor.id))?.role ?? null;
  const key = await findKey(tx, tenant, actor.id);
  return key && !key.revokedAt ? key.role : null;
}

function requireWithinOwn(identity: Identity, input: { role: Role; scopes: Permission[] | null }): void {
  if (!mayGrant(identity.role, input.role)) {
    throw new AgosError(
      'permission_denied',
      `As ${identity.role} you cannot make a key of role ${input.role}.`,
      {
        field: 'role',
      },
    );
  }
  const ofRole = permissionsOf(input.role);
  const foreign = input.scopes?.find((one) => !ofRole.has(one));
  if (foreign) {
    throw new AgosError('validation_failed', `The role ${input.role} has no permission ${foreign}.`, {
      field: 'scopes',
    });
  }
  // A narrowed key must not make itself a wider one.
  const beyond = [...permissionsOf(input.role, input.scopes)].find((one) => !identity.permissions.has(one));
  if (beyond) {
    throw new AgosError('permission_denied', `You lack the permission ${beyond} that this key would have.`, {
      field: 'scopes',
    });
  }
}
