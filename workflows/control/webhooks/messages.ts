import type { EndpointWork } from '../../../src/control/webhooks/rules.ts';

/** Delivers to one endpoint for as long as it is owed something; then it ends, and the next event starts it again. */
export const DELIVER_WEBHOOKS = 'deliverWebhooks';
/** Takes new events of every tenant and starts what is due; a Schedule starts it. */
export const WAKE_WEBHOOKS = 'wakeWebhooks';
export const WEBHOOKS_QUEUE = 'workflows';

/** The endpoint is the lock: one workflow delivers to it at a time. */
export const webhooksWorkflowId = (tenant: string, endpointId: string): string =>
  `webhooks:${tenant}:${endpointId}`;

/** Something is due: ends a wait for the next attempt. */
export const WAKE_SIGNAL = 'wake';

export type DeliverWebhooksInput = EndpointWork & { version: 1 };
export type DeliverWebhooksResult = { delivered: number; failed: number };
export type WakeResult = { tenants: number; due: number };
