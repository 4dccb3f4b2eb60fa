import { z } from '@hono/zod-openapi';
import { defineRoute, idParam, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import { findDelivery, listAttempts, listDeliveries } from './deliveries.ts';
import {
  deliveryDetailView,
  deliveryFilter,
  deliveryView,
  resendFailedInput,
  resentView,
  toDeliveryDetailView,
  toDeliveryView,
} from './schemas.ts';
import { resendDelivery, resendFailed, sendTest } from './send-again.ts';

const tag = 'Webhooks';
const params = z.strictObject({ id: idParam });
const accepted = { description: 'The delivery, due now.', schema: deliveryView };

/** What is sent to an endpoint because somebody asks for it. */
export const testRoutes: readonly Route[] = [
  defineRoute({
    method: 'post',
    path: '/v1/webhook-endpoints/{id}/test',
    operationId: 'testWebhookEndpoint',
    summary: 'Send a test event to a webhook endpoint',
    description: 'Its type is `webhook.test`; it is in no event log.',
    tag,
    permission: 'webhooks:write',
    request: { params },
    responses: { 202: accepted },
    errors: ['conflict'],
    handler: async (ctx) => {
      return { status: 202, body: toDeliveryView(await sendTest(ctx, { endpointId: ctx.params.id })) };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/v1/webhook-endpoints/{id}/resend-failed',
    operationId: 'resendFailedWebhooks',
    summary: 'Send again what failed since a moment',
    tag,
    permission: 'webhooks:write',
    request: { params, body: resendFailedInput },
    responses: { 202: { description: 'How many are due now.', schema: resentView } },
    errors: ['conflict'],
    handler: async (ctx) => {
      const input = { endpointId: ctx.params.id, since: ctx.body.since };
      return { status: 202, body: { resent: await resendFailed(ctx, input) } };
    },
  }),
];

/** Deliveries, with what became of them. */
export const deliveryRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/webhook-deliveries',
    operationId: 'listWebhookDeliveries',
    summary: 'List webhook deliveries',
    tag,
    permission: 'webhooks:read',
    transaction: 'read_once',
    request: { query: z.strictObject({ ...pageFields(['-created_at']), ...deliveryFilter }) },
    responses: { 200: { description: 'Deliveries, newest first.', schema: pageOf(deliveryView) } },
    handler: async ({ tx, scope, query, paging }) => {
      const page = paging.open(query);
      const filter = { endpointId: query.endpoint_id, status: query.status, eventType: query.event_type };
      const found = await listDeliveries(tx, scope.tenant, filter, page);
      return { status: 200, body: paging.seal(found, page, toDeliveryView) };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/v1/webhook-deliveries/{id}',
    operationId: 'getWebhookDelivery',
    summary: 'Get a webhook delivery with its attempts',
    tag,
    permission: 'webhooks:read',
    request: { params },
    responses: { 200: { description: 'The delivery.', schema: deliveryDetailView } },
    handler: async ({ tx, scope, params: { id } }) => {
      const row = await findDelivery(tx, scope.tenant, id);
      if (!row) throw new AgosError('not_found', 'There is no such delivery.');
      return { status: 200, body: toDeliveryDetailView(row, await listAttempts(tx, scope.tenant, id)) };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/v1/webhook-deliveries/{id}/resend',
    operationId: 'resendWebhookDelivery',
    summary: 'Send a delivery again',
    description: 'With the same `webhook-id`: a receiver that took it already should leave it out.',
    tag,
    permission: 'webhooks:write',
    request: { params },
    responses: { 202: accepted },
    errors: ['conflict'],
    handler: async (ctx) => {
      return { status: 202, body: toDeliveryView(await resendDelivery(ctx, { id: ctx.params.id })) };
    },
  }),
];
