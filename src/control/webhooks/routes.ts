import { z } from '@hono/zod-openapi';
import { defineRoute, etagOf, idParam, pageFields, pageOf, type Route } from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  rotateSecret,
  type WebhookRules,
} from './change-endpoints.ts';
import { deliveryRoutes, testRoutes } from './delivery-routes.ts';
import { type EndpointRow, findEndpoint, listEndpoints } from './repository.ts';
import { DEFAULT_OVERLAP_SECONDS, MAX_ENDPOINTS } from './rules.ts';
import {
  changeEndpointInput,
  createEndpointInput,
  endpointView,
  newEndpointView,
  newSecretView,
  rotateInput,
  toEndpointView,
} from './schemas.ts';

const tag = 'Webhooks';
const path = '/v1/webhook-endpoints';
const params = z.strictObject({ id: idParam });
const answer = { description: 'The endpoint.', schema: endpointView, headers: { ETag: 'Its version.' } };
const reply = (row: EndpointRow) => ({ body: toEndpointView(row), headers: { etag: etagOf(row.version) } });
const ONCE =
  'The secret is shown once. A repetition with the same Idempotency-Key answers with it blanked, since it is not stored readably.';

const URL_ERRORS = [
  'identifier_invalid',
  'url_invalid',
  'url_scheme_not_allowed',
  'url_target_forbidden',
  'url_credentials_not_allowed',
  'url_port_not_allowed',
] as const;

const list = defineRoute({
  method: 'get',
  path,
  operationId: 'listWebhookEndpoints',
  summary: 'List webhook endpoints',
  tag,
  permission: 'webhooks:read',
  transaction: 'read_once',
  request: { query: z.strictObject(pageFields(['created_at'])) },
  responses: { 200: { description: 'Endpoints, without their secrets.', schema: pageOf(endpointView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    const found = await listEndpoints(tx, scope.tenant, page);
    return { status: 200, body: paging.seal(found, page, toEndpointView) };
  },
});

const get = defineRoute({
  method: 'get',
  path: `${path}/{id}`,
  operationId: 'getWebhookEndpoint',
  summary: 'Get a webhook endpoint',
  tag,
  permission: 'webhooks:read',
  request: { params },
  responses: { 200: answer },
  handler: async ({ tx, scope, params: { id } }) => {
    const row = await findEndpoint(tx, scope.tenant, id);
    if (!row) throw new AgosError('not_found', 'There is no such webhook endpoint.');
    return { status: 200, ...reply(row) };
  },
});

const create = (rules: WebhookRules) =>
  defineRoute({
    method: 'post',
    path,
    operationId: 'createWebhookEndpoint',
    summary: 'Add a webhook endpoint',
    description: `It gets every matching event from now on, signed by Standard Webhooks, at least once, in no promised order: tell repetitions by \`webhook-id\`. A tenant has ${MAX_ENDPOINTS} at most. ${ONCE}`,
    tag,
    permission: 'webhooks:write',
    request: { body: createEndpointInput },
    responses: { 201: { ...answer, schema: newEndpointView } },
    errors: ['conflict', ...URL_ERRORS],
    handler: async (ctx) => {
      const { url, description, event_types: eventTypes } = ctx.body;
      const { row, secret } = await createEndpoint(ctx, rules, { url, description, eventTypes });
      const { body, headers } = reply(row);
      return { status: 201, headers, body: { ...body, secret }, secretFields: ['secret'] };
    },
  });

const change = (rules: WebhookRules) =>
  defineRoute({
    method: 'patch',
    path: `${path}/{id}`,
    operationId: 'changeWebhookEndpoint',
    summary: 'Change, disable or enable a webhook endpoint',
    tag,
    permission: 'webhooks:write',
    request: { params, body: changeEndpointInput },
    responses: { 200: answer },
    errors: URL_ERRORS,
    handler: async (ctx) => {
      const { event_types: eventTypes, url, description, enabled } = ctx.body;
      const given = {
        ...(url !== undefined && { url }),
        ...(description !== undefined && { description }),
        ...(eventTypes !== undefined && { eventTypes }),
        ...(enabled !== undefined && { enabled }),
      };
      return {
        status: 200,
        ...reply(await changeEndpoint(ctx, rules, { id: ctx.params.id, change: given })),
      };
    },
  });

const remove = defineRoute({
  method: 'delete',
  path: `${path}/{id}`,
  operationId: 'deleteWebhookEndpoint',
  summary: 'Delete a webhook endpoint',
  tag,
  permission: 'webhooks:write',
  request: { params },
  responses: { 204: { description: 'Nothing is sent to it any more.' } },
  whileSuspended: true,
  handler: async (ctx) => {
    await deleteEndpoint(ctx, { id: ctx.params.id });
    return { status: 204 };
  },
});

const rotate = (rules: WebhookRules) =>
  defineRoute({
    method: 'post',
    path: `${path}/{id}/rotate-secret`,
    operationId: 'rotateWebhookSecret',
    summary: 'Give a webhook endpoint a new secret',
    description: `Deliveries carry both signatures until the overlap ends. ${ONCE}`,
    tag,
    permission: 'webhooks:write',
    request: { params, body: rotateInput },
    responses: { 200: { description: 'The new secret.', schema: newSecretView } },
    handler: async (ctx) => {
      const overlapSeconds = ctx.body?.overlap_seconds ?? DEFAULT_OVERLAP_SECONDS;
      const { secret, previousUntil } = await rotateSecret(ctx, rules, { id: ctx.params.id, overlapSeconds });
      const body = { secret, previous_secret_until: previousUntil.toISOString() };
      return { status: 200, body, secretFields: ['secret'] };
    },
  });

/** Outbound webhooks of the tenant. */
export function webhookRoutes(rules: WebhookRules): readonly Route[] {
  return [list, create(rules), get, change(rules), remove, rotate(rules), ...testRoutes, ...deliveryRoutes];
}
