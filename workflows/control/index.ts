export { evaluateAlerts } from './evaluate-alerts/workflow.ts';
export { forgetOld } from './forget-old/workflow.ts';
export { openMonth } from './open-month/workflow.ts';
export { deliverWebhooks, wakeWebhooks } from './webhooks/workflow.ts';
