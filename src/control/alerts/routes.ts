import { z } from '@hono/zod-openapi';
import { defineRoute, displayName, idParam, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { changeAlert } from './change-alert.ts';
import { findAlert, listAlerts } from './repository.ts';
import { alertView, filterFields, toAlertView } from './schemas.ts';

const tag = 'Alerts';
const params = z.strictObject({ id: idParam });
const note = z.strictObject({ note: displayName(500).optional() }).optional();

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/alerts',
  operationId: 'listAlerts',
  summary: 'List alerts',
  description: 'What people have to look at; it is evaluated every half minute.',
  tag,
  permission: 'alerts:read',
  transaction: 'read_once',
  request: { query: z.strictObject({ ...pageFields(['-raised_at']), ...filterFields }) },
  responses: { 200: { description: 'Newest first.', schema: pageOf(alertView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    const found = await listAlerts(tx, scope.tenant, query, page);
    return { status: 200, body: paging.seal(found, page, toAlertView) };
  },
});

const getRoute = defineRoute({
  method: 'get',
  path: '/v1/alerts/{id}',
  operationId: 'getAlert',
  summary: 'Read an alert',
  tag,
  permission: 'alerts:read',
  transaction: 'read_once',
  request: { params },
  responses: { 200: { description: 'The alert.', schema: alertView } },
  handler: async ({ tx, scope, params }) => {
    const row = await findAlert(tx, scope.tenant, params.id);
    if (!row) throw new AgosError('not_found', 'There is no such alert.');
    return { status: 200, body: toAlertView(row) };
  },
});

const acknowledgeRoute = defineRoute({
  method: 'post',
  path: '/v1/alerts/{id}/acknowledge',
  operationId: 'acknowledgeAlert',
  summary: 'Take up an alert',
  description: 'Says that somebody is at it. The first one stands.',
  tag,
  permission: 'alerts:write',
  request: { params, body: note },
  responses: { 200: { description: 'The alert.', schema: alertView } },
  errors: ['conflict'],
  handler: async (ctx) => {
    const move = { id: ctx.params.id, to: 'acknowledged', note: ctx.body?.note ?? null } as const;
    return { status: 200, body: toAlertView((await changeAlert(ctx, move)).row) };
  },
});

const resolveRoute = defineRoute({
  method: 'post',
  path: '/v1/alerts/{id}/resolve',
  operationId: 'resolveAlert',
  summary: 'End an alert',
  description:
    'Says that what it told of is settled, though it may still be so: leads that are held now are not told of again, nor is a limit in its period. An alert whose cause is gone ends by itself.',
  tag,
  permission: 'alerts:write',
  request: { params, body: note },
  responses: { 200: { description: 'The alert.', schema: alertView } },
  handler: async (ctx) => {
    const move = { id: ctx.params.id, to: 'resolved', note: ctx.body?.note ?? null } as const;
    return { status: 200, body: toAlertView((await changeAlert(ctx, move)).row) };
  },
});

/** What people have to look at: list, read, take up, end. */
export const alertRoutes: readonly Route[] = [listRoute, getRoute, acknowledgeRoute, resolveRoute];
