import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineSignal,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { WebhookActivities } from '../../../activities/control/webhooks.ts';
import { proxyProfile } from '../../lib/activity-profiles.ts';
import {
  type DeliverWebhooksInput,
  type DeliverWebhooksResult,
  WAKE_SIGNAL,
  type WakeResult,
} from './messages.ts';

const { deliverDueWebhooks } = proxyProfile<WebhookActivities>('outbound', 'Deliver what is due');
const { wakeDueWebhooks } = proxyProfile<WebhookActivities>('sweep', 'Start deliveries that are due');

const wake = defineSignal(WAKE_SIGNAL);

/** Delivers to one endpoint until nothing is pending, waiting for each next attempt. */
export async function deliverWebhooks(input: DeliverWebhooksInput): Promise<DeliverWebhooksResult> {
  let woken = false;
  setHandler(wake, () => {
    woken = true;
  });
  const sum: DeliverWebhooksResult = { delivered: 0, failed: 0 };
  for (;;) {
    woken = false;
    const { delivered, failed, wait_ms: waitMs } = await deliverDueWebhooks(input);
    sum.delivered += delivered;
    sum.failed += failed;
    if (waitMs === null && !woken) return sum;
    if (waitMs !== null && waitMs > 0) await condition(() => woken, waitMs);
    if (!workflowInfo().continueAsNewSuggested) continue;
    await condition(allHandlersFinished);
    await continueAsNew<typeof deliverWebhooks>(input);
  }
}

/** One pass over the tenants that have endpoints. */
export async function wakeWebhooks(): Promise<WakeResult> {
  return wakeDueWebhooks();
}
