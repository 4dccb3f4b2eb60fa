import { z } from '@hono/zod-openapi';
import {
  defineRoute,
  displayName,
  idParam,
  momentField,
  momentInput,
  pageFields,
  pageOf,
  type Route,
} from '../../api/kit/index.ts';
import { ROLES } from '../../kernel/actor.ts';
import { PERMISSIONS } from '../identity/permissions.ts';
import { createKey, revokeKey } from './change-keys.ts';
import { type KeyRow, listKeys } from './repository.ts';

const keyView = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string(),
    role: z.enum(ROLES),
    scopes: z.array(z.string()).nullable(),
    created_by: z.uuid(),
    created_at: momentField,
    last_used_at: momentField.nullable(),
    expires_at: momentField.nullable(),
    revoked_at: momentField.nullable(),
  })
  .openapi('ApiKey');

// Not an extension of the other: the document would demand that a body is both, and each allows no other field.
const newKeyView = z
  .strictObject({
    ...keyView.shape,
    key: z.string().openapi({ description: 'The key itself: shown this once.' }),
  })
  .openapi('NewApiKey');

const createKeyInput = z.strictObject({
  name: displayName(),
  role: z.enum(ROLES),
  scopes: z
    .array(z.enum(PERMISSIONS))
    .min(1)
    .max(PERMISSIONS.length)
    .nullable()
    .default(null)
    .openapi({ description: 'Narrows the key to these permissions of its role.' }),
  expires_at: momentInput.nullable().default(null),
});

const toView = (key: KeyRow): z.input<typeof keyView> => ({
  id: key.id,
  name: key.name,
  prefix: key.prefix,
  role: key.role,
  scopes: key.scopes,
  created_by: key.createdBy,
  created_at: key.createdAt.toISOString(),
  last_used_at: key.lastUsedAt?.toISOString() ?? null,
  expires_at: key.expiresAt?.toISOString() ?? null,
  revoked_at: key.revokedAt?.toISOString() ?? null,
});

const tag = 'Access';

/** API keys of the tenant. */
export const keyRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/keys',
    operationId: 'listKeys',
    summary: 'List API keys',
    tag,
    permission: 'keys:read',
    transaction: 'read_once',
    request: { query: z.strictObject(pageFields(['-created_at'])) },
    responses: { 200: { description: 'Keys, without their secrets.', schema: pageOf(keyView) } },
    handler: async ({ tx, scope, query, paging }) => {
      const page = paging.open(query);
      return { status: 200, body: paging.seal(await listKeys(tx, scope.tenant, page), page, toView) };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/v1/keys',
    operationId: 'createKey',
    summary: 'Make an API key',
    description:
      'The key is shown once. A repetition with the same Idempotency-Key answers with the key blanked, since it is not stored.',
    tag,
    permission: 'keys:write',
    request: { body: createKeyInput },
    responses: { 201: { description: 'The key.', schema: newKeyView } },
    handler: async (ctx) => {
      const { name, role, scopes, expires_at: expiresAt } = ctx.body;
      const { row, key } = await createKey(ctx, { name, role, scopes, expiresAt });
      return { status: 201, body: { ...toView(row), key }, secretFields: ['key'] };
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/keys/{id}',
    operationId: 'revokeKey',
    summary: 'Revoke an API key',
    tag,
    permission: 'keys:write',
    request: { params: z.strictObject({ id: idParam }) },
    responses: { 204: { description: 'The key works no more.' } },
    whileSuspended: true,
    handler: async (ctx) => {
      await revokeKey(ctx, { id: ctx.params.id });
      return { status: 204 };
    },
  }),
];
