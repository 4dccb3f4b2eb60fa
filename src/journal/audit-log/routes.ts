import { z } from '@hono/zod-openapi';
import {
  defineRoute,
  identifier,
  momentField,
  momentInput,
  pageFields,
  pageOf,
  type Route,
} from '../../api/kit/index.ts';
import { type AuditLogRow, listAuditLog } from './repository.ts';

const entryView = z
  .strictObject({
    id: z.uuid(),
    at: momentField,
    actor: z.strictObject({
      kind: z.enum(['member', 'key', 'system', 'administrator', 'operator']),
      id: z.uuid().nullable(),
    }),
    action: z.string(),
    resource: z.strictObject({ type: z.string(), id: z.string().nullable() }),
    details: z.record(z.string(), z.unknown()),
    request_id: z.string().nullable(),
    address: z.string().nullable(),
  })
  .openapi('AuditLogEntry');

const toView = (row: AuditLogRow): z.input<typeof entryView> => ({
  id: row.id,
  at: row.at.toISOString(),
  actor: { kind: row.actorKind, id: row.actorId },
  action: row.action,
  resource: { type: row.resourceType, id: row.resourceId },
  details: row.details,
  request_id: row.requestId,
  address: row.address,
});

/** Who did what, from where. */
export const auditLogRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/audit-log',
    operationId: 'listAuditLog',
    summary: 'List who did what, from where',
    tag: 'Access',
    permission: 'audit_log:read',
    request: {
      query: z.strictObject({
        ...pageFields(['-at']),
        action: identifier(100).optional(),
        actor_id: z.uuid().optional(),
        resource_type: identifier(100).optional(),
        resource_id: identifier().optional(),
        from: momentInput.optional(),
        to: momentInput.optional(),
      }),
    },
    responses: { 200: { description: 'Entries, newest first.', schema: pageOf(entryView) } },
    handler: async ({ tx, scope, query, paging }) => {
      const page = paging.open(query);
      const { action, from, to } = query;
      const filter = { action, from, to, actorId: query.actor_id, resourceType: query.resource_type };
      const found = await listAuditLog(tx, scope.tenant, { ...filter, resourceId: query.resource_id }, page);
      return { status: 200, body: paging.seal(found, page, toView) };
    },
  }),
];
