import { sql } from 'drizzle-orm';
import {
  bigint,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import {
  moment,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  timestamps,
} from '../../runtime/database/columns.ts';
import type { EventType } from '../events/rules.ts';
import type { DeliveryError, DeliveryStatus, DisabledReason, EndpointStatus } from './rules.ts';

/** The server's clock: what is due must not depend on whose machine said so. */
const serverMoment = () => moment().notNull().default(sql`clock_timestamp()`);

/** Where a tenant wants to be told what happens. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    ...tenantKey,
    url: text().notNull(),
    description: text(),
    /** Null means every event. */
    eventTypes: text().array().$type<EventType[]>(),
    status: text().$type<EndpointStatus>().notNull().default('enabled'),
    disabledReason: text().$type<DisabledReason>(),
    disabledAt: moment(),
    /** Number of the last event of which its delivery was made. */
    cursorSeq: bigint({ mode: 'number' }).notNull(),
    /** First failure since the last success, or since a time in which nothing was due. */
    failingSince: moment(),
    lastFailedAt: moment(),
    /** The receiver asked to be left alone until then. */
    pausedUntil: moment(),
    createdBy: uuid().notNull(),
    version: integer().notNull().default(1),
    ...timestamps,
    deletedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('webhook_endpoints_enabled').on(t.tenantId).where(sql`status = 'enabled' and deleted_at is null`),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('webhook_endpoints'),
    systemReadPolicy('webhook_endpoints'),
  ],
);

/** What an endpoint's deliveries are signed with, sealed; apart, so that no reading of an endpoint carries it. */
export const webhookSecrets = pgTable(
  'webhook_secrets',
  {
    ...tenantKey,
    endpointId: uuid().notNull(),
    sealed: text().notNull(),
    /** Null for the one in use; the one before signs beside it until then. */
    expiresAt: moment(),
    createdAt: serverMoment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('webhook_secrets_endpoint').on(t.tenantId, t.endpointId),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({
      columns: [t.tenantId, t.endpointId],
      foreignColumns: [webhookEndpoints.tenantId, webhookEndpoints.id],
    }),
    tenantPolicy('webhook_secrets'),
  ],
);

/** One event for one endpoint. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    ...tenantKey,
    endpointId: uuid().notNull(),
    /** The receiver's `webhook-id`. */
    eventId: uuid().notNull(),
    /** Null for a test, which is in no log. */
    eventSeq: bigint({ mode: 'number' }),
    eventType: text().notNull(),
    eventAt: moment().notNull(),
    status: text().$type<DeliveryStatus>().notNull().default('pending'),
    /** Attempts that ended since it was made, or sent again. */
    tries: integer().notNull().default(0),
    nextAttemptAt: serverMoment(),
    statusCode: integer(),
    error: text().$type<DeliveryError>(),
    deliveredAt: moment(),
    createdAt: serverMoment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('webhook_deliveries_once').on(t.tenantId, t.endpointId, t.eventId),
    index('webhook_deliveries_due')
      .on(t.tenantId, t.endpointId, t.nextAttemptAt)
      .where(sql`status = 'pending'`),
    index('webhook_deliveries_age').on(t.eventAt),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({
      columns: [t.tenantId, t.endpointId],
      foreignColumns: [webhookEndpoints.tenantId, webhookEndpoints.id],
    }),
    tenantPolicy('webhook_deliveries'),
  ],
);

/** One request of a delivery; not ended means at work, or lost with its worker and not tried again yet. */
export const webhookAttempts = pgTable(
  'webhook_attempts',
  {
    ...tenantKey,
    deliveryId: uuid().notNull(),
    startedAt: serverMoment(),
    /** By a trigger, of one that was broken off or lost too. */
    endedAt: moment(),
    durationMs: integer(),
    statusCode: integer(),
    error: text().$type<DeliveryError>(),
    /** The beginning of what the receiver answered. */
    responseExcerpt: text(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('webhook_attempts_delivery').on(t.tenantId, t.deliveryId, t.id),
    index('webhook_attempts_started').on(t.startedAt, t.tenantId),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({
      columns: [t.tenantId, t.deliveryId],
      foreignColumns: [webhookDeliveries.tenantId, webhookDeliveries.id],
    }),
    tenantPolicy('webhook_attempts'),
  ],
);
