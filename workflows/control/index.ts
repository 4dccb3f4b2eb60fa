export { openMonth } from './open-month/workflow.ts';
export { deliverWebhooks, wakeWebhooks } from './webhooks/workflow.ts';
