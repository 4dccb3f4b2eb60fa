import { z } from '@hono/zod-openapi';
import { momentField } from '../../api/kit/index.ts';
import { attemptErrorField } from '../webhooks/schemas.ts';
import type { Receipt } from './receipt.ts';
import type { GlobalKillSwitchRow, KillSwitchRow } from './repository.ts';
import { STEP_OUTCOMES, STOP_REACHES, type Stop } from './rules.ts';
import { type EndedAudit, MOST_LISTED, type RunStepRow } from './run-steps.ts';
import type { WebhookAttempt } from './webhook-attempts.ts';

/** One time at which work was stopped. */
export const killSwitchView = z
  .strictObject({
    id: z.uuid(),
    on: z.boolean(),
    reason: z.string(),
    turned_on_at: momentField,
    /** Member or key; of the global switch, who ran the command. */
    turned_on_by: z.string(),
    turned_off_at: momentField.nullable(),
    turned_off_by: z.string().nullable(),
    turned_off_reason: z.string().nullable(),
  })
  .openapi('KillSwitch');

const stepView = z.strictObject({
  run_id: z.uuid(),
  lead_id: z.uuid().nullable(),
  step: z.string(),
  worker: z.string().openapi({ description: 'Machine and process.' }),
  started_at: momentField,
  ended_at: momentField.nullable(),
  outcome: z.enum(STEP_OUTCOMES).nullable(),
});

const webhookAttemptView = z.strictObject({
  delivery_id: z.uuid(),
  endpoint_id: z.uuid(),
  event_type: z.string(),
  started_at: momentField,
  ended_at: momentField.nullable(),
  status_code: z.number().int().nullable(),
  error: attemptErrorField,
});

const listed = <View extends z.ZodType>(view: View) =>
  z.strictObject({
    count: z.number().int(),
    latest: z.array(view).openapi({ description: `The newest ${MOST_LISTED} at most.` }),
  });

/** What a switch met. */
export const receiptView = z
  .strictObject({
    kill_switch: killSwitchView,
    complete: z.boolean().openapi({ description: 'Every step and webhook that was at work has ended.' }),
    runs_open: z.number().int().openapi({ description: 'Runs that had been asked for and had not ended.' }),
    running: z.array(stepView).openapi({ description: 'Steps that were at work when it was turned on.' }),
    acknowledged: z.array(stepView).openapi({ description: 'Of these, what its worker has ended.' }),
    not_stopped: z.array(stepView).openapi({ description: 'Of these, what no worker has answered for.' }),
    webhooks: z
      .strictObject({ acknowledged: z.array(webhookAttemptView), not_stopped: z.array(webhookAttemptView) })
      .openapi({ description: 'Requests to webhook endpoints that were on their way.' }),
    already_happened: z.strictObject({
      since: momentField,
      steps: listed(stepView),
      audits: listed(
        z.strictObject({
          id: z.uuid(),
          lead_id: z.uuid().nullable(),
          status: z.string(),
          completed_at: momentField.nullable(),
        }),
      ),
      webhooks: listed(webhookAttemptView).openapi({
        description: 'Attempts that had ended, in whichever way; with `error` null they were accepted.',
      }),
    }),
  })
  .openapi('KillSwitchReceipt');

/** What stops a tenant's work now. */
export const statusView = z.strictObject({
  on: z.boolean(),
  stops: z.array(z.strictObject({ reach: z.enum(STOP_REACHES), reason: z.string(), since: momentField })),
  tenant: killSwitchView.nullable(),
});

export type KillSwitchView = z.output<typeof killSwitchView>;
export type ReceiptView = z.output<typeof receiptView>;
export type StatusView = z.output<typeof statusView>;

/** A switch's row, a tenant's or a global one, as API and command line show it. */
export const toKillSwitchView = (row: KillSwitchRow | GlobalKillSwitchRow): KillSwitchView => ({
  id: row.id,
  on: row.turnedOffAt === null,
  reason: row.reason,
  turned_on_at: row.turnedOnAt.toISOString(),
  turned_on_by: row.turnedOnBy,
  turned_off_at: row.turnedOffAt?.toISOString() ?? null,
  turned_off_by: row.turnedOffBy,
  turned_off_reason: row.turnedOffReason,
});

/** A receipt as API and command line show it. */
export const toReceiptView = (
  row: KillSwitchRow | GlobalKillSwitchRow,
  { running, acknowledged, notStopped, webhooks, runsOpen, before }: Receipt,
): ReceiptView => ({
  kill_switch: toKillSwitchView(row),
  complete: notStopped.length === 0 && webhooks.notStopped.length === 0,
  runs_open: runsOpen,
  running: running.map(toStepView),
  acknowledged: acknowledged.map(toStepView),
  not_stopped: notStopped.map(toStepView),
  webhooks: {
    acknowledged: webhooks.acknowledged.map(toWebhookAttemptView),
    not_stopped: webhooks.notStopped.map(toWebhookAttemptView),
  },
  already_happened: {
    since: before.since.toISOString(),
    steps: { count: before.steps.count, latest: before.steps.latest.map(toStepView) },
    audits: { count: before.audits.count, latest: before.audits.latest.map(toAuditLine) },
    webhooks: { count: before.webhooks.count, latest: before.webhooks.latest.map(toWebhookAttemptView) },
  },
});

/** What is on now, as API and command line show it. */
export const toStatusView = (stops: readonly Stop[], own: KillSwitchRow | null): StatusView => ({
  on: stops.length > 0,
  stops: stops.map(({ reach, reason, since }) => ({ reach, reason, since: since.toISOString() })),
  tenant: own && toKillSwitchView(own),
});

const toStepView = (row: RunStepRow) => ({
  run_id: row.runId,
  lead_id: row.leadId,
  step: row.step,
  worker: row.worker,
  started_at: row.startedAt.toISOString(),
  ended_at: row.endedAt?.toISOString() ?? null,
  outcome: row.outcome,
});

const toWebhookAttemptView = (attempt: WebhookAttempt) => ({
  delivery_id: attempt.deliveryId,
  endpoint_id: attempt.endpointId,
  event_type: attempt.eventType,
  started_at: attempt.startedAt.toISOString(),
  ended_at: attempt.endedAt?.toISOString() ?? null,
  status_code: attempt.statusCode,
  error: attempt.error,
});

const toAuditLine = (audit: EndedAudit) => ({
  id: audit.id,
  lead_id: audit.leadId,
  status: audit.status,
  completed_at: audit.completedAt?.toISOString() ?? null,
});
