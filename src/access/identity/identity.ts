import type { RequestContext } from '../../journal/request-context.ts';
import type { Role, TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Plan, TenantStatus } from '../tenants/rules.ts';
import { type Permission, permissionsOf, seesAll } from './permissions.ts';

/** Where a request comes from, for the audit log. */
export type Origin = Pick<RequestContext, 'requestId' | 'address' | 'userAgent'>;

/** Who sent a request, in which tenant, and what they may do there. */
export type Identity = {
  tenant: { id: string; name: string; status: TenantStatus; plan: Plan };
  principal: { kind: 'member' | 'key'; id: string; name: string | null };
  role: Role;
  permissions: ReadonlySet<Permission>;
  scope: TenantScope;
};

/** Somebody whose credentials are good: whose bucket their request counts in, and the way in, which may write. */
export type Arrival = Pick<Identity, 'tenant' | 'scope'> & { enter(): Promise<Identity> };

/** The arrival of somebody for whom nothing is left to be written. */
export function arrivalOf(identity: Identity): Arrival {
  const { tenant, scope } = identity;
  return { tenant, scope, enter: async () => identity };
}

/** The identity of a member or key with this role; `scopes` narrow what a key may do. */
export function identityOf(input: {
  tenant: Identity['tenant'];
  principal: Identity['principal'];
  role: Role;
  scopes?: readonly string[] | null;
}): Identity {
  const { tenant, principal, role } = input;
  const actor = { kind: principal.kind, id: principal.id, seesAll: seesAll(role) };
  return {
    tenant,
    principal,
    role,
    permissions: permissionsOf(role, input.scopes ?? null),
    scope: { tenant: tenant.id, actor },
  };
}

/** The same answer for a tenant of others and for one that does not exist. */
export function notAMember(): AgosError {
  return new AgosError('permission_denied', 'You are not a member of this tenant.');
}
