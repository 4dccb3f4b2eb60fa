import { z } from '@hono/zod-openapi';
import { displayName, momentField, momentInput } from '../../api/kit/index.ts';
import { EVENT_TYPES } from '../events/rules.ts';
import type { AttemptRow, DeliveryRow } from './deliveries.ts';
import type { EndpointRow } from './repository.ts';
import {
  DEFAULT_OVERLAP_SECONDS,
  DELIVERY_ERRORS,
  DELIVERY_STATUSES,
  DISABLED_REASONS,
  ENDPOINT_STATUSES,
  MAX_OVERLAP_SECONDS,
  TEST_EVENT,
} from './rules.ts';

const eventTypes = z
  .array(z.enum(EVENT_TYPES))
  .min(1)
  .max(EVENT_TYPES.length)
  .transform((types) => [...new Set(types)])
  .nullable()
  .openapi({ description: 'Which events it hears of; null means every one.' });

const url = z.string().openapi({ description: 'https; plain http in development only.' });

export const createEndpointInput = z.strictObject({
  url,
  description: displayName().nullable().default(null),
  event_types: eventTypes.default(null),
});

export const changeEndpointInput = z
  .strictObject({
    url: url.optional(),
    description: displayName().nullable().optional(),
    event_types: eventTypes.optional(),
    enabled: z
      .boolean()
      .optional()
      .openapi({ description: 'false gives up what is pending; true begins with what happens next.' }),
  })
  .refine((change) => Object.keys(change).length > 0, 'give at least one field');

export const rotateInput = z
  .strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .default(DEFAULT_OVERLAP_SECONDS)
      .openapi({ description: 'How long the secret of before signs beside the new one.' }),
  })
  .optional();

export const resendFailedInput = z.strictObject({ since: momentInput });

/** An endpoint as the API shows it: never with its secret. */
export const endpointView = z
  .strictObject({
    id: z.uuid(),
    url: z.string(),
    description: z.string().nullable(),
    event_types: z.array(z.enum(EVENT_TYPES)).nullable(),
    status: z.enum(ENDPOINT_STATUSES),
    disabled_reason: z.enum(DISABLED_REASONS).nullable(),
    disabled_at: momentField.nullable(),
    failing_since: momentField
      .nullable()
      .openapi({ description: 'First failure since the last success; after five days it is disabled.' }),
    version: z.number().int(),
    created_by: z.uuid(),
    created_at: momentField,
    updated_at: momentField,
  })
  .openapi('WebhookEndpoint');
export type EndpointView = z.output<typeof endpointView>;

const secret = z.string().openapi({ description: 'The signing secret: shown this once.' });

export const newEndpointView = z
  .strictObject({ ...endpointView.shape, secret })
  .openapi('NewWebhookEndpoint');

export const newSecretView = z
  .strictObject({ secret, previous_secret_until: momentField })
  .openapi('NewWebhookSecret');

/** One event for one endpoint. */
export const deliveryView = z
  .strictObject({
    id: z.uuid(),
    endpoint_id: z.uuid(),
    webhook_id: z.uuid().openapi({ description: 'Id of the event: the same at every attempt.' }),
    event_type: z.string(),
    event_seq: z.number().int().nullable(),
    event_at: momentField,
    status: z.enum(DELIVERY_STATUSES),
    tries: z.number().int().openapi({ description: 'Attempts since it was made, or sent again.' }),
    next_attempt_at: momentField.nullable(),
    status_code: z.number().int().nullable().openapi({ description: 'Of the latest attempt.' }),
    error: z.enum(DELIVERY_ERRORS).nullable(),
    delivered_at: momentField.nullable(),
    created_at: momentField,
  })
  .openapi('WebhookDelivery');
export type DeliveryView = z.output<typeof deliveryView>;

/** Why an attempt did not succeed. */
export const attemptErrorField = z.enum(DELIVERY_ERRORS).nullable().openapi({
  description:
    '`interrupted`: broken off; `lost`: its worker never said how it went. The receiver may have got either, and gets it again.',
});

const attemptView = z.strictObject({
  id: z.uuid(),
  started_at: momentField,
  duration_ms: z
    .number()
    .int()
    .nullable()
    .openapi({ description: 'Null: at work, broken off, or lost with its worker.' }),
  status_code: z.number().int().nullable(),
  error: attemptErrorField,
  response_excerpt: z.string().nullable(),
});

export const deliveryDetailView = z
  .strictObject({
    ...deliveryView.shape,
    attempts: z.array(attemptView).openapi({ description: 'The newest first, 100 at most.' }),
  })
  .openapi('WebhookDeliveryDetail');

export const resentView = z.strictObject({ resent: z.number().int() });

export const deliveryFilter = {
  endpoint_id: z.uuid().optional(),
  status: z.enum(DELIVERY_STATUSES).optional(),
  event_type: z.enum([...EVENT_TYPES, TEST_EVENT]).optional(),
};

/** Shows an endpoint's row. */
export const toEndpointView = (row: EndpointRow): z.input<typeof endpointView> => ({
  id: row.id,
  url: row.url,
  description: row.description,
  event_types: row.eventTypes,
  status: row.status,
  disabled_reason: row.disabledReason,
  disabled_at: row.disabledAt?.toISOString() ?? null,
  failing_since: row.failingSince?.toISOString() ?? null,
  version: row.version,
  created_by: row.createdBy,
  created_at: row.createdAt.toISOString(),
  updated_at: row.updatedAt.toISOString(),
});

/** Shows a delivery's row. */
export const toDeliveryView = (row: DeliveryRow): z.input<typeof deliveryView> => ({
  id: row.id,
  endpoint_id: row.endpointId,
  webhook_id: row.eventId,
  event_type: row.eventType,
  event_seq: row.eventSeq,
  event_at: row.eventAt.toISOString(),
  status: row.status,
  tries: row.tries,
  next_attempt_at: row.status === 'pending' ? row.nextAttemptAt.toISOString() : null,
  status_code: row.statusCode,
  error: row.error,
  delivered_at: row.deliveredAt?.toISOString() ?? null,
  created_at: row.createdAt.toISOString(),
});

/** Shows a delivery with its attempts. */
export const toDeliveryDetailView = (
  row: DeliveryRow,
  attempts: readonly AttemptRow[],
): z.input<typeof deliveryDetailView> => ({
  ...toDeliveryView(row),
  attempts: attempts.map((attempt) => ({
    id: attempt.id,
    started_at: attempt.startedAt.toISOString(),
    duration_ms: attempt.durationMs,
    status_code: attempt.statusCode,
    error: attempt.error,
    response_excerpt: attempt.responseExcerpt,
  })),
});
