import { lockTenant } from '../../access/tenants/repository.ts';
import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { AgosError } from '../../kernel/errors.ts';
import { type IsAllowed, parseTarget } from '../../runtime/egress/address.ts';
import { newId } from '../../runtime/ids.ts';
import { eventHead } from '../events/repository.ts';
import type { EventType } from '../events/rules.ts';
import { failPending } from './deliveries.ts';
import {
  changeEndpointRow,
  countEndpoints,
  deleteSecrets,
  type EndpointRow,
  HEALTHY,
  insertEndpoint,
  insertSecret,
  lockEndpoint,
  type NewEndpoint,
  retireSecret,
} from './repository.ts';
import { MAX_ENDPOINTS } from './rules.ts';
import type { SecretSeal } from './seal.ts';
import { newWebhookSecret } from './sign.ts';

/** What an endpoint's address may be, and how its secret is kept. */
export type WebhookRules = { isAllowed?: IsAllowed; httpsOnly: boolean; seal: SecretSeal };

export type EndpointContext = RequestContext & { now: Date; checkVersion(version: number): void };

export type EndpointInput = { url: string; description: string | null; eventTypes: EventType[] | null };

/** Adds an endpoint that hears of everything from now on; its secret is answered once. */
export async function createEndpoint(
  ctx: EndpointContext,
  rules: WebhookRules,
  input: EndpointInput,
): Promise<{ row: EndpointRow; secret: string }> {
  const { tx, scope } = ctx;
  const url = endpointUrl(rules, input.url);
  // Two requests at once must not both take the last place.
  await lockTenant(tx, scope.tenant);
  if ((await countEndpoints(tx, scope.tenant)) >= MAX_ENDPOINTS) {
    throw new AgosError(
      'conflict',
      `A tenant has ${MAX_ENDPOINTS} webhook endpoints at most: delete one first.`,
    );
  }
  const row = await insertEndpoint(tx, {
    ...input,
    url,
    tenantId: scope.tenant,
    id: newId(),
    cursorSeq: await eventHead(tx),
    createdBy: scope.actor.id,
  });
  const secret = await giveSecret(ctx, rules, row);
  await record(ctx, 'webhook_endpoint.created', row.id, { event_types: input.eventTypes });
  return { row, secret };
}

/** Changes an endpoint; one that is enabled again hears of what happens from then on. */
export async function changeEndpoint(
  ctx: EndpointContext,
  rules: WebhookRules,
  input: { id: string; change: Partial<EndpointInput> & { enabled?: boolean } },
): Promise<EndpointRow> {
  const endpoint = await requireEndpoint(ctx, input.id);
  ctx.checkVersion(endpoint.version);
  const { enabled, url, ...plain } = input.change;
  const change: Partial<NewEndpoint> = {
    ...plain,
    ...(url !== undefined && moved(endpoint, endpointUrl(rules, url))),
    ...(await turned(ctx, endpoint, enabled)),
  };
  const changed = await changeEndpointRow(ctx.tx, endpoint, change);
  await record(ctx, 'webhook_endpoint.changed', endpoint.id, { fields: Object.keys(input.change) });
  return changed;
}

/** Removes an endpoint and its secrets; what it has pending is given up. */
export async function deleteEndpoint(ctx: EndpointContext, input: { id: string }): Promise<void> {
  const endpoint = await requireEndpoint(ctx, input.id);
  await changeEndpointRow(ctx.tx, endpoint, { deletedAt: ctx.now });
  await failPending(ctx.tx, endpoint, 'endpoint_deleted');
  await deleteSecrets(ctx.tx, endpoint);
  await record(ctx, 'webhook_endpoint.deleted', endpoint.id);
}

/** Gives an endpoint a new secret; the one before signs beside it for so many seconds, and no older one. */
export async function rotateSecret(
  ctx: EndpointContext,
  rules: WebhookRules,
  input: { id: string; overlapSeconds: number },
): Promise<{ secret: string; previousUntil: Date }> {
  const endpoint = await requireEndpoint(ctx, input.id);
  const previousUntil = await retireSecret(ctx.tx, endpoint, input.overlapSeconds);
  const secret = await giveSecret(ctx, rules, endpoint);
  await record(ctx, 'webhook_endpoint.secret_rotated', endpoint.id, {
    previous_until: previousUntil.toISOString(),
  });
  return { secret, previousUntil };
}

/** The endpoint, locked; throws `not_found`. */
export async function requireEndpoint(
  { tx, scope }: Pick<RequestContext, 'tx' | 'scope'>,
  id: string,
): Promise<EndpointRow> {
  const endpoint = await lockEndpoint(tx, scope.tenant, id);
  if (!endpoint) throw new AgosError('not_found', 'There is no such webhook endpoint.');
  return endpoint;
}

async function giveSecret(ctx: EndpointContext, { seal }: WebhookRules, { tenantId, id }: EndpointRow) {
  const secret = newWebhookSecret();
  await insertSecret(ctx.tx, { tenantId, endpointId: id, sealed: seal.seal(secret, id) });
  return secret;
}

async function turned(
  ctx: EndpointContext,
  endpoint: EndpointRow,
  enabled: boolean | undefined,
): Promise<Partial<NewEndpoint>> {
  if (enabled === undefined || enabled === (endpoint.status === 'enabled')) return {};
  if (!enabled) {
    await failPending(ctx.tx, endpoint, 'endpoint_disabled');
    return { status: 'disabled', disabledReason: 'by_request', disabledAt: ctx.now };
  }
  const cursorSeq = await eventHead(ctx.tx);
  return { status: 'enabled', cursorSeq, ...HEALTHY, disabledReason: null, disabledAt: null };
}

function moved(endpoint: EndpointRow, url: string): Partial<NewEndpoint> {
  return url === endpoint.url ? {} : { url, ...HEALTHY };
}

function endpointUrl({ isAllowed, httpsOnly }: WebhookRules, text: string): string {
  const { url } = parseTarget(text, { ...(isAllowed && { isAllowed }) });
  if (!httpsOnly || url.startsWith('https:')) return url;
  throw new AgosError('url_scheme_not_allowed', 'A webhook endpoint has an https URL.', { field: 'url' });
}

function record(
  ctx: EndpointContext,
  action: string,
  id: string,
  details: Record<string, unknown> = {},
): Promise<void> {
  return recordAudit(ctx, { action, resourceType: 'webhook_endpoint', resourceId: id, details });
}
