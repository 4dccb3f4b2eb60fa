import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import { createWebhookActivities } from '../activities/control/webhooks.ts';
import type { StopFile } from '../src/control/kill-switch/stop-file.ts';
import { createStopWatch } from '../src/control/kill-switch/watch-stops.ts';
import { DELIVERY_TIMES, type DeliveryTimes } from '../src/control/webhooks/rules.ts';
import { createSecretSeal } from '../src/control/webhooks/seal.ts';
import { wakeWhenHeard } from '../src/control/webhooks/wake.ts';
import type { Clock } from '../src/runtime/clock.ts';
import { type Config, required } from '../src/runtime/config.ts';
import type { Database } from '../src/runtime/database/database.ts';
import type { EgressGuard } from '../src/runtime/egress/guard.ts';
import { createGuardedPost } from '../src/runtime/egress/post.ts';
import type { Logger } from '../src/runtime/logger.ts';
import {
  DELIVER_WEBHOOKS,
  type DeliverWebhooksInput,
  WAKE_SIGNAL,
  WEBHOOKS_QUEUE,
  webhooksWorkflowId,
} from '../workflows/control/webhooks/messages.ts';
import { SEARCH_KEYS } from '../workflows/lib/search-keys.ts';
import { callTemporal } from './call.ts';
import { extraAuthority } from './scanner.ts';

type Deps = { db: Database; clock: Clock; guard: EgressGuard; stopFile: StopFile; client: Client };

/** What delivers webhooks in a worker, and what hears that there is something to deliver. */
export function composeWebhooks(config: Config, { client, guard, ...shared }: Deps) {
  const { clock, db } = shared;
  const start = createWebhookStarter(client);
  const httpsOnly = config.AGOS_ENV === 'production';
  const post = createGuardedPost({ guard, clock, httpsOnly, extraCa: extraAuthority(config) });
  const seal = createSecretSeal(required(config, 'AGOS_SIGNING_SECRET'));
  const stopWatch = createStopWatch(shared);
  return {
    activities: createWebhookActivities({ ...shared, post, seal, stopWatch, start }),
    listen: (log: Logger): void =>
      wakeWhenHeard({ db, start, warn: (message, about) => log.warn(about, message) }),
  };
}

/** Starts the workflow that delivers to an endpoint, or wakes the one that waits; throws `temporal_unavailable`. */
export function createWebhookStarter(client: Client, times: DeliveryTimes = DELIVERY_TIMES) {
  return async ({ tenant, endpointId }: { tenant: string; endpointId: string }): Promise<void> => {
    const input: DeliverWebhooksInput = { version: 1, tenant, endpointId, times };
    await callTemporal(client, () =>
      client.workflow.signalWithStart(DELIVER_WEBHOOKS, {
        workflowId: webhooksWorkflowId(tenant, endpointId),
        taskQueue: WEBHOOKS_QUEUE,
        args: [input],
        signal: WAKE_SIGNAL,
        typedSearchAttributes: new TypedSearchAttributes([
          { key: SEARCH_KEYS.tenant, value: tenant },
          { key: SEARCH_KEYS.area, value: 'control' },
        ]),
        priority: { fairnessKey: tenant },
        staticSummary: 'Webhooks of one endpoint',
        staticDetails: `Endpoint ${endpointId} of tenant ${tenant}.`,
      }),
    );
  };
}
