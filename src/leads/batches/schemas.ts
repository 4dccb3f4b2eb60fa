import { z } from '@hono/zod-openapi';
import { displayName, flagParam } from '../../api/kit/fields.ts';
import { BATCH_FORMATS, BATCH_PAUSE_CODES, BATCH_STATUSES, ITEM_STATES, LINE_OUTCOMES } from './rules.ts';

const moment = z.iso.datetime();
const count = z.number().int();

/** Query fields of an import; the file itself is the body. */
export const createBatchQuery = z.strictObject({
  name: displayName(200).default('Import').openapi({ description: 'What people call it: the file name.' }),
  triage: flagParam.default(true).openapi({ description: 'Whether every lead is scanned.' }),
  industry: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .optional()
    .openapi({ description: 'Industry of leads whose line names none.' }),
});
export type CreateBatchQuery = z.output<typeof createBatchQuery>;

export const batchView = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    format: z.enum(BATCH_FORMATS),
    status: z.enum(BATCH_STATUSES),
    /** Live while the import runs: of all lines read, how many have their result and which. */
    counts: z.strictObject({
      total: count,
      processed: count,
      qualified: count,
      disqualified: count,
      error: count,
      unprocessed: count,
      rejected: count,
      duplicates: count,
      created: count,
      updated: count,
      awaiting: count,
    }),
    run_id: z.uuid().nullable(),
    failure: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    paused: z
      .strictObject({ code: z.enum(BATCH_PAUSE_CODES), message: z.string() })
      .nullable()
      .openapi({
        description:
          'Why no scans are asked for at the moment. The import goes on by itself once that is over.',
      }),
    created_at: moment,
    started_at: moment.nullable(),
    completed_at: moment.nullable(),
  })
  .openapi('Batch');
export type BatchView = z.output<typeof batchView>;

export const batchItemView = z
  .strictObject({
    line: count,
    outcome: z.enum(LINE_OUTCOMES),
    state: z.enum(ITEM_STATES),
    lead_id: z.uuid().nullable(),
    errors: z.array(z.strictObject({ column: z.string().nullable(), code: z.string(), reason: z.string() })),
  })
  .openapi('BatchItem');
export type BatchItemView = z.output<typeof batchItemView>;

/** Query fields that narrow the lines of a batch. */
export const itemFilter = {
  with_errors: flagParam.optional(),
  outcome: z.enum(LINE_OUTCOMES).optional(),
  state: z.enum(ITEM_STATES).optional(),
};
