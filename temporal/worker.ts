import { readFile } from 'node:fs/promises';
import type { Client } from '@temporalio/client';
import { createRunReconciler } from '../activities/journal/run-reconciler.ts';
import { createRunActivities } from '../activities/journal/runs.ts';
import { createTriageReconciler } from '../activities/triage/reconcile-triage.ts';
import { createTriageRoomActivities } from '../activities/triage/triage-room.ts';
import { createAnthropicProvider } from '../src/adapters/anthropic/provider.ts';
import { createAssetStore } from '../src/assets/files/store.ts';
import { createTickets } from '../src/control/approvals/tickets.ts';
import type { SkillRunner } from '../src/models/calls/run-skill.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { type Config, required } from '../src/runtime/config.ts';
import { openDatabase } from '../src/runtime/database/database.ts';
import type { Logger } from '../src/runtime/logger.ts';
import { loadPlaybooks } from '../src/triage/playbooks/load.ts';
import { bundleFile, bundleWorkflows } from './bundle.ts';
import { createDataConverter } from './codec/data-converter.ts';
import { openClient, readTemporalTarget, type TemporalTarget } from './connection.ts';
import { createGateway } from './gateway.ts';
import { createObserver } from './observer.ts';
import { parseQueues } from './queues.ts';
import { connectWhenReady } from './ready.ts';
import { RUN_END_HOOKS } from './run-end-hooks.ts';
import { RUN_WORKFLOWS } from './run-workflows.ts';
import { composeScanner } from './scanner.ts';
import { ensureSchedules, SCHEDULE_INTERVALS, type ScheduleIntervals } from './schedules.ts';
import { startWorkers } from './workers.ts';

export type WorkerOptions = {
  config: Config;
  log: Logger;
  /** Where Temporal is; without it the standard environment variables say so. */
  target?: TemporalTarget;
  intervals?: ScheduleIntervals;
  /** Ends the wait for Temporal at the start. */
  signal?: AbortSignal;
};

export type RunningWorker = {
  /** Ends when the worker has stopped and closed what it used; fails when it crashed. */
  done: Promise<void>;
  /** Lets running work end, then closes what it used. */
  shutdown(): Promise<void>;
};

/** Most activities end by themselves in this time after SIGTERM; the others are cancelled then. */
const SHUTDOWN_GRACE_MS = 10_000;

/** Starts the worker process: waits for Temporal, then serves its queues until it is shut down. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, log } = options;
  const queues = parseQueues(config.AGOS_QUEUES);
  const target = options.target ?? readTemporalTarget();
  const dataConverter = createDataConverter(config.AGOS_PAYLOAD_KEYS);
  const bundle = queues.includes('workflows') ? await loadBundle(config) : undefined;
  const connection = await connectWhenReady(target, log, options.signal ?? new AbortController().signal);
  const client = openClient(target, dataConverter);
  const parts = compose(config, client);
  const close = async (): Promise<void> => {
    await parts.close();
    await client.connection.close();
    await connection.close();
  };
  try {
    await ensureSchedules(client, options.intervals ?? SCHEDULE_INTERVALS);
    const workers = await startWorkers({
      connection,
      namespace: target.namespace,
      dataConverter,
      bundle,
      activities: parts.activities,
      queues,
      shutdownGraceMs: SHUTDOWN_GRACE_MS,
      report: (error, about) => log.error({ ...about, err: error }, 'an activity failed unexpectedly'),
    });
    const done = thenClose(workers.done, close);
    done.catch(() => undefined);
    log.info({ queues, namespace: target.namespace }, 'worker is serving');
    return { done, shutdown: () => workers.shutdown().then(() => done) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function thenClose(running: Promise<void>, close: () => Promise<void>): Promise<void> {
  try {
    await running;
  } finally {
    await close();
  }
}

/** What the worker is made of: each area's activities and reconciler, and how it all is closed, last first. */
function compose(config: Config, client: Client): { activities: object; close(): Promise<void> } {
  const clock = systemClock;
  const db = openDatabase(databaseUrls(config));
  const gateway = createGateway({ client, workflows: RUN_WORKFLOWS, publicUrl: config.AGOS_PUBLIC_URL });
  const observer = createObserver(client);
  const reconcilers = [
    createTriageReconciler({ db, clock }),
    createRunReconciler({ db, clock, runEndHooks: RUN_END_HOOKS }),
  ];
  const { scanner, close: closeBrowser } = composeScanner(config, clock);
  const signingSecret = required(config, 'AGOS_SIGNING_SECRET');
  return {
    activities: {
      ...createRunActivities({ db, clock, gateway, observer, reconcilers }),
      ...createTriageRoomActivities({
        db,
        clock,
        scanner,
        playbooks: loadPlaybooks(),
        assets: createAssetStore({
          dir: required(config, 'AGOS_ASSETS_DIR'),
          origin: required(config, 'AGOS_ASSETS_URL'),
          signingSecret,
          clock,
        }),
        skills: composeSkills(config),
        decisions: {
          verifyTicket: createTickets({ signingSecret, clock }).verify,
          requireTicket: config.AGOS_REQUIRE_DECISION_TICKET,
        },
      }),
    },
    close: async () => {
      await closeBrowser();
      await db.close();
    },
  };
}

/** Claude where a key is set; without one every skill answers by its offline method. */
function composeSkills(config: Config): SkillRunner {
  const { ANTHROPIC_API_KEY: apiKey, ANTHROPIC_BASE_URL: baseUrl } = config;
  return {
    provider: apiKey ? createAnthropicProvider({ apiKey, ...(baseUrl && { baseUrl }) }) : null,
    models: {
      fast: config.AGOS_MODEL_FAST,
      balanced: config.AGOS_MODEL_BALANCED,
      strategic: config.AGOS_MODEL_STRATEGIC,
    },
    clock: systemClock,
  };
}

function databaseUrls(config: Config): { url: string; systemUrl: string } {
  const { DATABASE_URL: url, DATABASE_SYSTEM_URL: systemUrl } = config;
  if (!url || !systemUrl) throw new Error('DATABASE_URL and DATABASE_SYSTEM_URL must be set.');
  return { url, systemUrl };
}

/** Production runs what the build left; only development bundles at the start. */
async function loadBundle(config: Config): Promise<{ code: string }> {
  const encrypted = config.AGOS_PAYLOAD_KEYS !== undefined;
  if (config.AGOS_ENV === 'development') return bundleWorkflows({ encrypted });
  const file = bundleFile(encrypted);
  try {
    return { code: await readFile(file, 'utf8') };
  } catch {
    throw new Error(`The workflow bundle ${file} is missing: run \`npm run build\` first.`);
  }
}
