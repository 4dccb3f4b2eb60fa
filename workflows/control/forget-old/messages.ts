/** Removes events, steps, spend entries, webhook deliveries and idempotency keys that are older than they are kept; a Schedule starts it. */
export const FORGET_OLD = 'forgetOld';
export const FORGET_OLD_QUEUE = 'workflows';

export type ForgetOldResult = {
  events: number;
  steps: number;
  spend_entries: number;
  webhook_deliveries: number;
  idempotency_keys: number;
};
