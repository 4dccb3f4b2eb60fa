import { z } from '@hono/zod-openapi';
import { momentField } from '../../api/kit/index.ts';
import type { EventFilter, EventRow } from './repository.ts';
import { EVENT_TYPES, type EventType } from './rules.ts';

/** One event as the API shows it, in lists and streams alike. */
export const eventView = z
  .strictObject({
    seq: z.number().int().openapi({ description: 'Its number in the tenant; the cursor of streams.' }),
    id: z.uuid(),
    type: z.enum(EVENT_TYPES),
    at: momentField,
    actor: z.strictObject({ kind: z.enum(['member', 'key', 'system']), id: z.uuid() }).nullable(),
    lead_id: z.uuid().nullable(),
    run_id: z.uuid().nullable(),
    batch_id: z.uuid().nullable(),
    approval_id: z.uuid().nullable(),
    audit_id: z.uuid().nullable(),
    data: z.record(z.string(), z.unknown()),
  })
  .openapi('Event');
export type EventView = z.output<typeof eventView>;

/** Shows an event's row. */
export const toEventView = (row: EventRow): z.input<typeof eventView> => ({
  seq: row.seq,
  id: row.id,
  type: row.type,
  at: row.at.toISOString(),
  actor: row.actorKind && row.actorId ? { kind: row.actorKind, id: row.actorId } : null,
  lead_id: row.leadId,
  run_id: row.runId,
  batch_id: row.batchId,
  approval_id: row.approvalId,
  audit_id: row.auditId,
  data: row.data,
});

const isType = (word: string): word is EventType => EVENT_TYPES.some((type) => type === word);

/** Which events; `type` takes several, with commas between them. */
export const filterFields = {
  type: z
    .string()
    .transform((text, context) => {
      const words = text.split(',');
      if (words.every(isType)) return words;
      context.addIssue({ code: 'custom', message: `"type" takes words of: ${EVENT_TYPES.join(', ')}` });
      return z.NEVER;
    })
    .optional()
    .openapi({ type: 'string', example: 'lead.created,lead.held' }),
  lead_id: z.uuid().optional(),
  run_id: z.uuid().optional(),
  batch_id: z.uuid().optional(),
  approval_id: z.uuid().optional(),
  audit_id: z.uuid().optional(),
};
const filterQuery = z.strictObject(filterFields);

/** The filter that a query asks for. */
export const toFilter = (query: z.output<typeof filterQuery>): EventFilter => ({
  types: query.type,
  leadId: query.lead_id,
  runId: query.run_id,
  batchId: query.batch_id,
  approvalId: query.approval_id,
  auditId: query.audit_id,
});

const CURSOR = /^\d{1,15}$/;

/** The number of the last event that a client has. */
export const afterField = z
  .string()
  .regex(CURSOR, 'the number of an event')
  .transform(Number)
  .optional()
  .openapi({ type: 'integer', description: 'Events after this number; `Last-Event-ID` goes before it.' });

/** The cursor of `Last-Event-ID`; undefined without the header or with one that is none of ours. */
export function lastEventId(headers: Headers): number | undefined {
  const text = headers.get('last-event-id') ?? '';
  return CURSOR.test(text) ? Number(text) : undefined;
}
