import { z } from '@hono/zod-openapi';
import { csvRow, identifier, momentField, momentInput } from '../../api/kit/index.ts';
import type { AuditLogFilter, AuditLogRow } from './repository.ts';

/** One entry of the audit log as the API shows it. */
export const entryView = z
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
    user_agent: z.string().nullable(),
  })
  .openapi('AuditLogEntry');

/** Shows an entry's row. */
export const toEntryView = (row: AuditLogRow): z.input<typeof entryView> => ({
  id: row.id,
  at: row.at.toISOString(),
  actor: { kind: row.actorKind, id: row.actorId },
  action: row.action,
  resource: { type: row.resourceType, id: row.resourceId },
  details: row.details,
  request_id: row.requestId,
  address: row.address,
  user_agent: row.userAgent,
});

/** Which entries. */
export const filterFields = {
  action: identifier(100).optional(),
  actor_id: z.uuid().optional(),
  resource_type: identifier(100).optional(),
  resource_id: identifier().optional(),
  from: momentInput.optional(),
  to: momentInput.optional(),
};
const filterQuery = z.strictObject(filterFields);

/** The filter that a query asks for. */
export const toFilter = (query: z.output<typeof filterQuery>): AuditLogFilter => ({
  action: query.action,
  actorId: query.actor_id,
  resourceType: query.resource_type,
  resourceId: query.resource_id,
  from: query.from,
  to: query.to,
});

/** The first line of an export as CSV. */
export const CSV_HEADER = csvRow([
  'id',
  'at',
  'actor_kind',
  'actor_id',
  'action',
  'resource_type',
  'resource_id',
  'details',
  'request_id',
  'address',
  'user_agent',
]);

/** One entry as a line of CSV; its details are JSON in one cell. */
export function csvLine(row: AuditLogRow): string {
  const { id, actorKind, actorId, action, resourceType, resourceId, details } = row;
  const about = [
    action,
    resourceType,
    resourceId ?? '',
    JSON.stringify(details),
    row.requestId ?? '',
    row.address ?? '',
    row.userAgent ?? '',
  ];
  return csvRow([id, row.at.toISOString(), actorKind, actorId ?? '', ...about]);
}

/** One entry as a line of JSON, as the list shows it. */
export const jsonLine = (row: AuditLogRow): string => `${JSON.stringify(toEntryView(row))}\n`;
