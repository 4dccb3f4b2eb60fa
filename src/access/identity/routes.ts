import { z } from '@hono/zod-openapi';
import { defineRoute, type Route } from '../../api/kit/route.ts';
import { ROLES } from '../../kernel/actor.ts';
import { TENANT_STATUSES } from '../tenants/rules.ts';
import type { Identity } from './identity.ts';
import { PERMISSIONS } from './permissions.ts';

const meView = z
  .strictObject({
    tenant: z.strictObject({ id: z.uuid(), name: z.string(), status: z.enum(TENANT_STATUSES) }),
    principal: z.strictObject({
      kind: z.enum(['member', 'key']),
      id: z.uuid(),
      name: z.string().nullable(),
    }),
    role: z.enum(ROLES),
    permissions: z.array(z.enum(PERMISSIONS)),
    sees: z.enum(['all', 'own_and_assigned']),
  })
  .openapi('Me');

const toView = (identity: Identity): z.input<typeof meView> => ({
  tenant: { id: identity.tenant.id, name: identity.tenant.name, status: identity.tenant.status },
  principal: identity.principal,
  role: identity.role,
  permissions: [...identity.permissions],
  sees: identity.scope.actor.seesAll ? 'all' : 'own_and_assigned',
});

/** Who am I. */
export const identityRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/me',
    operationId: 'getMe',
    summary: 'Who you are, in which tenant, and what you may do',
    tag: 'Access',
    permission: 'tenant:read',
    transaction: 'read_once',
    responses: { 200: { description: 'The caller.', schema: meView } },
    handler: async ({ identity }) => ({ status: 200, body: toView(identity) }),
  }),
];
