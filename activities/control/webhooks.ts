import { log } from '@temporalio/activity';
import type { DeliverDeps } from '../../src/control/webhooks/attempt.ts';
import { deliverDue, type Pass } from '../../src/control/webhooks/deliver-due.ts';
import { wakeAll } from '../../src/control/webhooks/wake.ts';
import { withHeartbeat } from '../../temporal/heartbeat.ts';
import type { DeliverWebhooksInput, WakeResult } from '../../workflows/control/webhooks/messages.ts';

export type WebhookActivitiesDeps = DeliverDeps & {
  /** Starts the workflow of an endpoint, or wakes it. */
  start(endpoint: { tenant: string; endpointId: string }): Promise<void>;
};

/** Activities that deliver webhooks; they carry ids and counts, never a payload nor a secret. */
export function createWebhookActivities(deps: WebhookActivitiesDeps) {
  return {
    deliverDueWebhooks: (input: DeliverWebhooksInput): Promise<Pass> =>
      withHeartbeat((signal) => deliverDue(deps, input, signal)),
    wakeDueWebhooks: (): Promise<WakeResult> =>
      wakeAll({ ...deps, warn: (message, about) => log.warn(message, about) }),
  };
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>;
