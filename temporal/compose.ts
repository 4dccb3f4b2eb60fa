import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Client } from '@temporalio/client';
import { createAlertActivities } from '../activities/control/alerts.ts';
import { createQuotaActivities } from '../activities/control/quotas.ts';
import { createRetentionActivities } from '../activities/control/retention.ts';
import { createRunReconciler } from '../activities/journal/run-reconciler.ts';
import { createRunActivities } from '../activities/journal/runs.ts';
import { createImportLeadsActivities } from '../activities/leads/import-leads.ts';
import { createBatchReconciler } from '../activities/leads/reconcile-batches.ts';
import { createTriageReconciler } from '../activities/triage/reconcile-triage.ts';
import { createTriageRoomActivities } from '../activities/triage/triage-room.ts';
import { createAnthropicProvider } from '../src/adapters/anthropic/provider.ts';
import { createAssetStore } from '../src/assets/files/store.ts';
import { createAdmission } from '../src/control/admission/admit-work.ts';
import { alertLimitsOf } from '../src/control/alerts/rules.ts';
import { createTickets } from '../src/control/approvals/tickets.ts';
import { unlessStopFile } from '../src/control/kill-switch/refuse-stopped.ts';
import { createStepGate } from '../src/control/kill-switch/step-gate.ts';
import { createStopFile } from '../src/control/kill-switch/stop-file.ts';
import { retentionOf } from '../src/control/retention/rules.ts';
import { spendCapsOf } from '../src/control/spend/rules.ts';
import { createSpender } from '../src/control/spend/spender.ts';
import { sweepReservations } from '../src/control/spend/sweep-reservations.ts';
import type { RunRow } from '../src/journal/runs/repository.ts';
import { startRun } from '../src/journal/runs/start-run.ts';
import { observeCalls } from '../src/models/calls/observe-calls.ts';
import { parsePrices } from '../src/models/calls/prices.ts';
import type { SkillRunner } from '../src/models/calls/run-skill.ts';
import { traceCalls } from '../src/models/calls/trace-calls.ts';
import { type Clock, systemClock } from '../src/runtime/clock.ts';
import { type Config, required } from '../src/runtime/config.ts';
import { openDatabase } from '../src/runtime/database/database.ts';
import type { Logger } from '../src/runtime/logger.ts';
import { instrumentDatabase } from '../src/runtime/telemetry/instrument-database.ts';
import type { Telemetry } from '../src/runtime/telemetry/telemetry.ts';
import { loadPlaybooks } from '../src/triage/playbooks/load.ts';
import { chargeAudit } from '../src/triage/triage-room/paid-scan.ts';
import { createTriageRequests } from '../src/triage/triage-room/request-triage.ts';
import { readFailingWorkflows } from './failing-workflows.ts';
import { createGateway } from './gateway.ts';
import { createObserver } from './observer.ts';
import { readQueueDelays } from './queue-reader.ts';
import { RUN_END_HOOKS } from './run-end-hooks.ts';
import { RUN_WORKFLOWS } from './run-workflows.ts';
import type { ComposeScanner } from './scanner.ts';
import { composeStorage } from './storage.ts';
import { composeWebhooks } from './webhooks.ts';

export type WorkerParts = {
  activities: object;
  /** Hears that webhooks are to be delivered, until it is closed. */
  listen(log: Logger): void;
  close(): Promise<void>;
};

/** What the worker is made of: each area's activities and reconciler, and how it all is closed, last first. */
export function compose(
  config: Config,
  client: Client,
  openScanner: ComposeScanner,
  telemetry: Telemetry,
): WorkerParts {
  const clock = systemClock;
  const doors = openDatabase({
    url: required(config, 'DATABASE_URL'),
    systemUrl: required(config, 'DATABASE_SYSTEM_URL'),
  });
  const db = instrumentDatabase(doors, telemetry);
  const gateway = createGateway({ client, workflows: RUN_WORKFLOWS, publicUrl: config.AGOS_PUBLIC_URL });
  const signingSecret = required(config, 'AGOS_SIGNING_SECRET');
  const storage = composeStorage(config);
  const origin = required(config, 'AGOS_ASSETS_URL');
  const assets = createAssetStore({ storage, origin, signingSecret, clock });
  const { scanner, guard, cpu, close: closeBrowser } = openScanner(config, clock, telemetry);
  const caps = spendCapsOf(config);
  const spend = createSpender({ db, clock, caps });
  const stopFile = createStopFile(resolve(config.AGOS_STOP_FILE));
  const { requestTriage } = createTriageRequests({ admitWork: createAdmission({ clock, caps }) });
  const shared = { db, clock, gateway, assets, runEndHooks: RUN_END_HOOKS };
  const webhooks = composeWebhooks(config, { client, db, clock, guard, stopFile });
  const alertLimits = alertLimitsOf(config);
  const reconcilers = [
    createTriageReconciler({ db, clock }),
    createBatchReconciler({ db, clock }),
    createRunReconciler({ db, clock, runEndHooks: RUN_END_HOOKS }),
  ];
  return {
    activities: {
      ...createRunActivities({
        db,
        clock,
        gateway,
        observer: createObserver(client),
        reconcilers,
        endStaleReservations: () => sweepReservations({ db, clock, charge: chargeAudit }),
      }),
      ...createQuotaActivities({ db, clock }),
      ...webhooks.activities,
      ...createRetentionActivities({ db, clock, keep: retentionOf(config) }),
      ...createAlertActivities({
        db,
        clock,
        caps,
        limits: alertLimits,
        queueDelays: () => readQueueDelays(client),
        failingWorkflows: () => readFailingWorkflows(client, { failures: alertLimits.taskFailures }),
      }),
      ...createImportLeadsActivities({
        ...shared,
        urlRules: { isAllowed: guard.isAllowed },
        requestTriage: unlessStopFile(stopFile, requestTriage),
        startSoon: (run: RunRow) => startRun(shared, run),
      }),
      ...createTriageRoomActivities({
        ...shared,
        scanner,
        gate: createStepGate({ db, stopFile, worker: `${hostname()}:${process.pid}` }),
        spend,
        cpu,
        cpuSecondMicroUsd: config.AGOS_CPU_SECOND_MICRO_USD,
        playbooks: loadPlaybooks(),
        skills: composeSkills(config, clock, telemetry),
        decisions: {
          verifyTicket: createTickets({ signingSecret, clock }).verify,
          requireTicket: config.AGOS_REQUIRE_DECISION_TICKET,
        },
      }),
    },
    listen: webhooks.listen,
    close: async () => {
      await closeBrowser();
      await db.close();
    },
  };
}

/** Claude where a key is set; without one every skill answers by its offline method. */
function composeSkills(config: Config, clock: Clock, { registry, tracer }: Telemetry): SkillRunner {
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseUrl } = config;
  return {
    provider: apiKey ? createAnthropicProvider({ apiKey, ...(baseUrl && { baseUrl }) }) : null,
    models: {
      fast: config.AGOS_MODEL_FAST,
      balanced: config.AGOS_MODEL_BALANCED,
      strategic: config.AGOS_MODEL_STRATEGIC,
    },
    prices: parsePrices(config.AGOS_MODEL_PRICES),
    clock,
    observers: [...(registry ? [observeCalls(registry)] : []), ...(tracer ? [traceCalls(tracer)] : [])],
  };
}
