/** Raises alerts for what people have to look at, and ends those that are over; a Schedule starts it. */
export const EVALUATE_ALERTS = 'evaluateAlerts';
export const EVALUATE_ALERTS_QUEUE = 'workflows';

export type EvaluateAlertsResult = { tenants: number; raised: number; resolved: number };
