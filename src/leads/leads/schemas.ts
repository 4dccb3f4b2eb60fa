import { z } from '@hono/zod-openapi';
import { flagParam } from '../../api/kit/fields.ts';
import { HOLD_CODES } from '../../kernel/holds.ts';
import { ROOMS } from '../../kernel/rooms.ts';
import { LEAD_STATUSES } from './rules.ts';

const line = (max: number) => z.string().trim().min(1).max(max);
const optional = (max: number) => line(max).nullable().optional();

/** Columns that are not the product's own: names and values are plain text. */
const metadata = z
  .record(z.string().min(1).max(100), z.string().max(2000))
  .refine((fields) => Object.keys(fields).length <= 50, 'at most 50 metadata fields');

export const contactInput = z
  .strictObject({
    name: optional(200),
    email: z.email().max(254).nullable().optional(),
    phone: optional(50),
    linkedin_url: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .nullable()
      .optional(),
    title: optional(200),
  })
  .refine((contact) => Object.values(contact).some((value) => value != null), 'give at least one field');

export const createLeadInput = z.strictObject({
  url: z.string().min(1).max(4096),
  company_name: optional(200),
  industry: optional(60),
  notes: optional(5000),
  metadata: metadata.optional(),
  assigned_to: z.uuid().nullable().optional(),
  contacts: z.array(contactInput).max(20).optional(),
  /** Starts a triage in the same transaction. */
  triage: z.boolean().default(false),
});
export type CreateLeadInput = z.output<typeof createLeadInput>;

export const updateLeadInput = z
  .strictObject({
    company_name: optional(200),
    industry: optional(60),
    notes: optional(5000),
    metadata: metadata.optional(),
    assigned_to: z.uuid().nullable().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'give at least one field');
export type UpdateLeadInput = z.output<typeof updateLeadInput>;

const holdView = z.strictObject({ code: z.enum(HOLD_CODES), message: z.string(), since: z.iso.datetime() });

export const leadView = z
  .strictObject({
    id: z.uuid(),
    url: z.string(),
    domain: z.string(),
    company_name: z.string().nullable(),
    industry: z.string().nullable(),
    notes: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    source: z.enum(['manual', 'api', 'import']),
    batch_id: z.uuid().nullable(),
    status: z.enum(LEAD_STATUSES),
    status_changed_at: z.iso.datetime(),
    current_room: z.enum(ROOMS).nullable(),
    score: z.number().nullable(),
    reasons: z.array(z.string()),
    hold: holdView.nullable(),
    awaiting: z
      .strictObject({ decision: z.literal('triage_score'), approval_id: z.uuid(), until: z.iso.datetime() })
      .nullable(),
    latest_audit_id: z.uuid().nullable(),
    current_run_id: z.uuid().nullable(),
    created_by: z.uuid(),
    assigned_to: z.uuid().nullable(),
    version: z.number().int(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Lead');
export type LeadView = z.output<typeof leadView>;

export const contactView = z
  .strictObject({
    id: z.uuid(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    linkedin_url: z.string().nullable(),
    title: z.string().nullable(),
  })
  .openapi('Contact');

/** Query fields that narrow the list of leads. */
export const leadFilter = {
  status: z.enum(LEAD_STATUSES).optional(),
  held: flagParam.optional(),
  hold_code: z.enum(HOLD_CODES).optional(),
  awaiting: flagParam.optional(),
  industry: line(60).optional(),
  batch_id: z.uuid().optional(),
  assigned_to: z.uuid().optional(),
  min_score: z.coerce.number().min(0).max(100).optional(),
  max_score: z.coerce.number().min(0).max(100).optional(),
  /** Part of the domain or the company's name; every character counts as itself. */
  q: z
    .string()
    .refine((text) => text.length <= 200, {
      params: { code: 'query_too_long' },
      message: 'at most 200 characters',
    })
    .optional(),
};
export type LeadFilter = {
  [Name in keyof typeof leadFilter]?: z.output<(typeof leadFilter)[Name]> | undefined;
};
