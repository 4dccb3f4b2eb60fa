import type { Identity } from '../../access/identity/identity.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Route } from './route.ts';

/** Throws when the tenant is closed, or suspended and the route changes something, or the role lacks the permission. */
export function requireAccess(route: Route, identity: Identity): void {
  const { status } = identity.tenant;
  if (status === 'closed') throw new AgosError('tenant_suspended', 'This tenant is closed.');
  if (status === 'suspended' && route.method !== 'get' && !route.whileSuspended) {
    throw new AgosError(
      'tenant_suspended',
      'This tenant is suspended: it can be read, and nothing can be started.',
    );
  }
  if (!identity.permissions.has(route.permission)) {
    throw new AgosError('permission_denied', `This needs the permission ${route.permission}.`, {
      permission: route.permission,
    });
  }
}
