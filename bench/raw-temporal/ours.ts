import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { Hono } from 'hono';
import { createAuthenticate } from '../../src/access/identity/authenticate.ts';
import { createTokenVerifier } from '../../src/access/identity/tokens.ts';
import { createClientAddress } from '../../src/api/kit/client-address.ts';
import { type ApiEnv, mountRoutes } from '../../src/api/kit/mount.ts';
import { createRateLimits } from '../../src/control/rate-limits/limit-requests.ts';
import { startRun } from '../../src/journal/runs/start-run.ts';
import { createByteBudget } from '../../src/runtime/byte-budget.ts';
import { systemClock as clock } from '../../src/runtime/clock.ts';
import { openDatabase } from '../../src/runtime/database/database.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { bundleWorkflows } from '../../temporal/bundle.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { connectWorker, openClient, readTemporalTarget } from '../../temporal/connection.ts';
import { createGateway } from '../../temporal/gateway.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { startWorkers } from '../../temporal/workers.ts';
import { serveCalls } from '../harness/serve-calls.mjs';
import { closedLoop } from './closed-loop.ts';
import { createFiveStepsActivities, fiveStepsRoute } from './our-parts.ts';

/** Our API kit, gateway, codec, doors and worker set-up in one process, as the raw side has one too. */
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const { DATABASE_URL: url = '', DATABASE_SYSTEM_URL: systemUrl = '', OUR_KEY: key = '' } = process.env;
const target = readTemporalTarget();
const dataConverter = createDataConverter(process.env.AGOS_PAYLOAD_KEYS);
const client = openClient(target, dataConverter);
const db = openDatabase({ url, systemUrl });
const workflow = { workflowType: 'fiveSteps', queue: 'workflows', area: 'triage' };
const gateway = createGateway({ client, workflows: { ...RUN_WORKFLOWS, 'triage-room': workflow } });
const logger = createLogger({ level: 'warn' });
const connection = await connectWorker(target);
const workers = await startWorkers({
  connection,
  namespace: target.namespace,
  dataConverter,
  bundle: await bundleWorkflows({
    encrypted: true,
    workflowsPath: fileURLToPath(new URL('./our-workflow.ts', import.meta.url)),
  }),
  activities: createFiveStepsActivities({ db, clock }),
  queues: ['workflows', 'core'],
  shutdownGraceMs: 1_000,
  report: (error) => logger.error({ err: error }, 'a step failed'),
});
// Requests are counted as always, and none is refused.
const rate = { perMinute: 1_000_000, burst: 1_000_000 };
const app = new Hono<ApiEnv>();
mountRoutes(app, [fiveStepsRoute((run) => startRun({ db, gateway, clock }, run))], {
  db,
  clock,
  logger,
  signingSecret: 'a signing secret for benchmarks, 32 characters and more',
  rateLimits: createRateLimits({ db, rates: { ignition: rate, velocity: rate, dominance: rate } }),
  clientAddress: createClientAddress([]),
  byteBudget: createByteBudget(),
  authenticate: createAuthenticate({
    db,
    clock,
    verifyToken: createTokenVerifier([]),
    signIn: async () => null,
  }),
});

serveCalls(
  {
    run: async (how: { runs: number; atOnce: number }) => {
      let last = '';
      const figures = await closedLoop(how, async () => {
        const headers = { authorization: `Bearer ${key}` };
        const answer = await app.request('/v1/five-steps', { method: 'POST', headers });
        if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
        last = ((await answer.json()) as { workflow_id: string }).workflow_id;
        await client.workflow.getHandle(last).result();
      });
      const { historyLength } = await client.workflow.getHandle(last).describe();
      return { ...figures, events: historyLength };
    },
  },
  async () => {
    await workers.shutdown();
    await connection.close();
    await client.connection.close();
    await db.close();
  },
);
