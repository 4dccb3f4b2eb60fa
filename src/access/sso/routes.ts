import { z } from '@hono/zod-openapi';
import {
  defineRoute,
  etagOf,
  type HandlerBase,
  idParam,
  pageFields,
  pageOf,
  type Route,
} from '../../api/kit/index.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { findPerson } from '../members/repository.ts';
import {
  changeConnection,
  createConnection,
  type IssuerRules,
  removeConnection,
} from './change-connections.ts';
import type { ProviderDocuments } from './provider-documents.ts';
import type { ProviderKeys } from './provider-keys.ts';
import { type ConnectionRow, findConnection, listConnections } from './repository.ts';
import {
  changeInput,
  connectionView,
  createInput,
  mappingInput,
  mappingView,
  testView,
  toChange,
  toView,
} from './schemas.ts';
import { testConnection } from './test-connection.ts';
import { explain, meetRules, readToken } from './test-mapping.ts';

export type SsoRoutesDeps = {
  issuerRules: IssuerRules;
  documents: ProviderDocuments;
  keys: ProviderKeys;
  clock: Clock;
};

const tag = 'Single sign-on';
const params = z.strictObject({ id: idParam });
const answer = { description: 'The connection.', schema: connectionView, headers: { ETag: 'Its version.' } };
const reply = (row: ConnectionRow) => ({ body: toView(row), headers: { etag: etagOf(row.version) } });

/** Identity providers that a tenant trusts for itself. */
export function ssoRoutes(deps: SsoRoutesDeps): readonly Route[] {
  return [list, create(deps.issuerRules), get, change, remove, test(deps), mapping(deps)];
}

const list = defineRoute({
  method: 'get',
  path: '/v1/sso-connections',
  operationId: 'listSsoConnections',
  summary: 'List connections to identity providers',
  tag,
  permission: 'sso:read',
  transaction: 'read_once',
  request: { query: z.strictObject(pageFields(['created_at'])) },
  responses: { 200: { description: 'Connections.', schema: pageOf(connectionView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    return { status: 200, body: paging.seal(await listConnections(tx, scope.tenant, page), page, toView) };
  },
});

const create = (issuerRules: IssuerRules) =>
  defineRoute({
    method: 'post',
    path: '/v1/sso-connections',
    operationId: 'createSsoConnection',
    summary: 'Trust an identity provider',
    description:
      'Its people sign in with its tokens and `AgOS-Tenant`; the mapping gives them a role in this tenant and no other, at each token.',
    tag,
    permission: 'sso:write',
    request: { body: createInput },
    responses: { 201: answer },
    errors: [
      'conflict',
      'validation_failed',
      'permission_denied',
      'url_invalid',
      'url_scheme_not_allowed',
      'url_credentials_not_allowed',
      'url_target_forbidden',
      'url_port_not_allowed',
    ],
    handler: async (ctx) => {
      const { default_role: defaultRole, may_grant_owner: mayGrantOwner, ...rest } = ctx.body;
      const made = await createConnection(ctx, { ...rest, defaultRole, mayGrantOwner }, issuerRules);
      return { status: 201, ...reply(made) };
    },
  });

const get = defineRoute({
  method: 'get',
  path: '/v1/sso-connections/{id}',
  operationId: 'getSsoConnection',
  summary: 'Get a connection',
  tag,
  permission: 'sso:read',
  transaction: 'read_once',
  request: { params },
  responses: { 200: answer },
  handler: async (ctx) => ({ status: 200, ...reply(await requireConnection(ctx.tx, ctx)) }),
});

const change = defineRoute({
  method: 'patch',
  path: '/v1/sso-connections/{id}',
  operationId: 'changeSsoConnection',
  summary: 'Change a connection',
  tag,
  permission: 'sso:write',
  request: { params, body: changeInput },
  responses: { 200: answer },
  errors: ['validation_failed', 'permission_denied'],
  handler: async (ctx) => {
    const changed = await changeConnection(ctx, { id: ctx.params.id, change: toChange(ctx.body) });
    return { status: 200, ...reply(changed) };
  },
});

const remove = defineRoute({
  method: 'delete',
  path: '/v1/sso-connections/{id}',
  operationId: 'removeSsoConnection',
  summary: 'Trust a provider no more',
  tag,
  permission: 'sso:write',
  request: { params },
  responses: { 204: { description: 'Its tokens let nobody in any more.' } },
  whileSuspended: true,
  handler: async (ctx) => {
    await removeConnection(ctx, { id: ctx.params.id });
    return { status: 204 };
  },
});

const test = (deps: SsoRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/sso-connections/{id}/test',
    operationId: 'testSsoConnection',
    summary: 'Try whether a provider can be used',
    description: 'Reads its documents now, also for a connection that is not enabled; changes nothing.',
    tag,
    permission: 'sso:write',
    request: { params },
    responses: { 200: { description: 'Each step with its result.', schema: testView } },
    transaction: 'none',
    handler: async (ctx) => {
      const { issuer } = await ctx.db.withTenant(ctx.scope, (tx) => requireConnection(tx, ctx));
      const steps = await testConnection(deps, issuer);
      return {
        status: 200,
        body: { passed: steps.every(({ result }) => result !== 'failed' && result !== 'skipped'), steps },
      };
    },
  });

const mapping = (deps: SsoRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/sso-connections/{id}/test-mapping',
    operationId: 'testSsoMapping',
    summary: 'See what a token or a set of claims would give',
    description: 'Which rule decides, and what each one found. Changes nothing and keeps nothing.',
    tag,
    permission: 'sso:write',
    request: { params, body: mappingInput },
    responses: { 200: { description: 'The role, and why.', schema: mappingView } },
    transaction: 'none',
    handler: async (ctx) => {
      const connection = await ctx.db.withTenant(ctx.scope, (tx) => requireConnection(tx, ctx));
      const { token, claims: given = {} } = ctx.body;
      const read =
        token === undefined
          ? { claims: given }
          : await readToken(deps.keys, connection, { token, now: ctx.now });
      if ('refused' in read) return { status: 200, body: refusal(read.refused) };
      const { claims } = read;
      const subject = typeof claims.sub === 'string' ? claims.sub : null;
      const person = { issuer: connection.issuer, subject: subject ?? '' };
      const member = await ctx.db.withTenant(ctx.scope, (tx) => findPerson(tx, ctx.scope.tenant, person));
      const { role, mapped, message } = explain(connection, claims, member);
      return {
        status: 200,
        body: {
          refused: null,
          subject,
          role,
          decided_by: mapped.decidedBy,
          rule: mapped.rule,
          message,
          rules: meetRules(connection, claims),
          member: member && {
            id: member.id,
            role: member.role,
            role_source: member.roleSource,
            removed: member.removedAt !== null,
          },
        },
      };
    },
  });

const refusal = (refused: string): z.input<typeof mappingView> => ({
  refused,
  subject: null,
  role: null,
  decided_by: null,
  rule: null,
  message: `Refused: ${refused}`,
  rules: [],
  member: null,
});

async function requireConnection(
  tx: Tx,
  { scope, params: { id } }: HandlerBase & { params: { id: string } },
): Promise<ConnectionRow> {
  const found = await findConnection(tx, scope.tenant, id);
  if (!found) throw new AgosError('not_found', 'There is no such connection.');
  return found;
}
