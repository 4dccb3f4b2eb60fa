import { z } from '@hono/zod-openapi';
import { defineRoute, displayName, etagOf, momentField, type Route } from '../../api/kit/index.ts';
import { recordAudit } from '../../journal/audit-log/record.ts';
import { changeTenantRow, lockTenant, readTenant, type TenantRow } from './repository.ts';
import { PLANS, SUBSCRIPTION_STATUSES, TENANT_STATUSES } from './rules.ts';

const tenantView = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    status: z.enum(TENANT_STATUSES),
    plan: z.enum(PLANS),
    subscription_status: z.enum(SUBSCRIPTION_STATUSES),
    currency: z.string(),
    version: z.number().int(),
    created_at: momentField,
    updated_at: momentField,
  })
  .openapi('Tenant');

const changeTenantInput = z
  .strictObject({
    name: displayName().optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'three capital letters of ISO 4217')
      .optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'give at least one field');

const toView = (tenant: TenantRow): z.input<typeof tenantView> => ({
  id: tenant.id,
  name: tenant.name,
  status: tenant.status,
  plan: tenant.plan,
  subscription_status: tenant.subscriptionStatus,
  currency: tenant.currency,
  version: tenant.version,
  created_at: tenant.createdAt.toISOString(),
  updated_at: tenant.updatedAt.toISOString(),
});

const tag = 'Access';
const answer = { description: 'The tenant.', schema: tenantView, headers: { ETag: 'Its version.' } };
const reply = (tenant: TenantRow) => ({
  status: 200 as const,
  body: toView(tenant),
  headers: { etag: etagOf(tenant.version) },
});

/** The caller's tenant. */
export const tenantRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/tenant',
    operationId: 'getTenant',
    summary: 'Get your tenant',
    tag,
    permission: 'tenant:read',
    transaction: 'read_once',
    responses: { 200: answer },
    handler: async ({ tx, scope }) => reply(await readTenant(tx, scope.tenant)),
  }),
  defineRoute({
    method: 'patch',
    path: '/v1/tenant',
    operationId: 'changeTenant',
    summary: 'Change your tenant',
    tag,
    permission: 'tenant:write',
    request: { body: changeTenantInput },
    responses: { 200: answer },
    handler: async (ctx) => {
      const { tx, scope } = ctx;
      const before = await lockTenant(tx, scope.tenant);
      ctx.checkVersion(before.version);
      const { name, currency } = ctx.body;
      const change = { ...(name !== undefined && { name }), ...(currency !== undefined && { currency }) };
      const after = await changeTenantRow(tx, scope.tenant, change);
      const details = { fields: Object.keys(change) };
      await recordAudit(ctx, {
        action: 'tenant.changed',
        resourceType: 'tenant',
        resourceId: after.id,
        details,
      });
      return reply(after);
    },
  }),
];
