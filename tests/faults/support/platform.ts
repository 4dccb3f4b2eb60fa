import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { seedAgents, seedPlaybooks } from '../../../src/cli/seed-registry.ts';
import { changePlan } from '../../../src/control/quotas/change-plan.ts';
import { freePort } from '../../../src/stack/ports.ts';
import { loadPlaybooks } from '../../../src/triage/playbooks/load.ts';
import { TRIAGE_AGENT } from '../../../src/triage/triage-room/agent.ts';
import { TEST_ASSETS_ORIGIN, TEST_SECRET } from '../../support/app.ts';
import { createTenant, giveVolume, type TestTenant } from '../../support/tenant.ts';
import { testChromium } from '../../support/test-browser.ts';
import { startTestServer } from '../../temporal/support/server.ts';
import { newPayloadKey, testClient } from '../../temporal/support/worker.ts';
import { type DatabaseServer, startDatabaseServer } from './database-server.ts';
import { readScansBegun, type ScanBegun } from './fast-scanner.ts';
import { descendantsOf } from './processes.ts';
import { type Service, startService } from './service.ts';
import { type FaultSites, serveFaultSites } from './sites.ts';

/** One process of the platform, or a server it stands on. */
export type Part = {
  name: string;
  kill(): Promise<void>;
  /** Starts it again after its end; resolves once it serves. */
  start(): Promise<void>;
};
/** A part that drains on SIGTERM; `stop` gives its exit code. */
export type ServicePart = Part & { stop(): Promise<number | null> };

/** The product as it is run: two API processes, two workers, Temporal on a file, PostgreSQL on a disk. */
export type Platform = {
  database: DatabaseServer;
  client: Client;
  tenant: TestTenant;
  sites: FaultSites;
  origins: string[];
  services: ServicePart[];
  /** Services and servers. */
  parts: Part[];
  /** Every scan of a stored site that a worker has begun. */
  scansBegun(): ScanBegun[];
  /** Errors that the services have logged so far, each once. */
  loggedErrors(): string[];
  /** Processes that were there when one of ours was killed or stopped. */
  ended: Set<number>;
  /** Ends all that is left; the exit codes of services that were running. */
  stopServices(): Promise<(number | null)[]>;
  close(): Promise<void>;
};

/** Starts the whole platform with a tenant that may do more than any test does. */
export async function startPlatform(): Promise<Platform> {
  const payloadKeys = newPayloadKey('k1');
  const dir = await mkdtemp(join(tmpdir(), 'agos-test-platform-'));
  const [database, temporal, sites, chromium] = await Promise.all([
    startDatabaseServer({}, await steadyPort()),
    startTestServer(undefined, await steadyPort()),
    serveFaultSites(),
    testChromium(),
  ]);
  await seedPlaybooks(database.admin, loadPlaybooks());
  await seedAgents(database.admin, [TRIAGE_AGENT]);
  const tenant = await createTenant(database);
  await giveVolume(database, tenant.id);
  // The plan with the most requests a minute: what is asked again and again counts as well.
  await changePlan(database.admin, { tenant: tenant.id, now: new Date(), plan: 'dominance' });
  const scansFile = join(dir, 'scans');
  writeFileSync(scansFile, '');
  const environment = {
    AGOS_ENV: 'development',
    TEMPORAL_ADDRESS: temporal.address,
    DATABASE_URL: database.info.url,
    DATABASE_SYSTEM_URL: database.info.systemUrl,
    AGOS_ASSETS_DIR: join(dir, 'assets'),
    AGOS_ASSETS_URL: TEST_ASSETS_ORIGIN,
    AGOS_ASSETS_PORT: '0',
    AGOS_SIGNING_SECRET: TEST_SECRET,
    AGOS_PAYLOAD_KEYS: payloadKeys,
    AGOS_ALLOW_TARGETS: sites.allowTargets,
    AGOS_STOP_FILE: join(dir, 'stop'),
    AGOS_TEST_SCANS: scansFile,
    CHROMIUM_PATH: chromium,
  };
  const started: Service[] = [];
  const ended = new Set<number>();
  const service = (name: string, start: () => Service): ServicePart & { now(): Service } => {
    const launch = (): Service => {
      const one = start();
      started.push(one);
      return one;
    };
    let running = launch();
    const remember = (): void => {
      for (const pid of [running.pid, ...descendantsOf(running.pid).map((one) => one.pid)]) ended.add(pid);
    };
    return {
      name,
      now: () => running,
      kill: async () => {
        remember();
        await running.kill();
      },
      stop: async () => {
        remember();
        return running.stop();
      },
      start: async () => {
        running = launch();
        await running.serving;
      },
    };
  };
  const api = async (name: string) => {
    const port = String(await steadyPort());
    const own = { ...environment, AGOS_PORT: port };
    const part = service(name, () => startService('src/api/main.ts', own, 'API is serving'));
    return { part, origin: `http://127.0.0.1:${port}` };
  };
  const worker = (name: string) =>
    service(name, () =>
      startService('tests/faults/support/fast-worker.ts', environment, 'worker is serving'),
    );
  const apis = [await api('api 1'), await api('api 2')];
  const services = [...apis.map(({ part }) => part), worker('worker 1'), worker('worker 2')];
  await Promise.all(services.map((part) => part.now().serving));
  const client = testClient(temporal.target, payloadKeys);
  return {
    database,
    client,
    tenant,
    sites,
    origins: apis.map(({ origin }) => origin),
    services,
    parts: [
      ...services,
      { name: 'temporal', kill: temporal.kill, start: temporal.restart },
      { name: 'database', kill: database.kill, start: database.startAgain },
    ],
    scansBegun: () => readScansBegun(scansFile),
    loggedErrors: () => [...new Set(started.flatMap(({ lines }) => lines.flatMap(toError)))],
    ended,
    stopServices: () => Promise.all(services.map((part) => part.stop())),
    close: async () => {
      await Promise.all(started.map((one) => one.kill()));
      await client.connection.close();
      await temporal.stop();
      await sites.close();
      await database.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What was logged as an error, without what differs each time. */
function toError(line: string): string[] {
  if (!line.startsWith('{')) return [];
  const entry = JSON.parse(line);
  if (entry.level < 50) return [];
  const error = entry.err ? `${entry.err.type}: ${String(entry.err.message).slice(0, 120)}` : '';
  return [`${entry.name}: ${entry.msg} ${entry.activity ?? ''} ${error}`];
}

/** Outside of the range from which outgoing connections take theirs: nobody gets it while its owner is down. */
async function steadyPort(): Promise<number> {
  const first = 20_000 + Math.floor(Math.random() * 10_000);
  for (let port = first; port < first + 100; port += 1) {
    if ((await freePort(port)) === port) return port;
  }
  throw new Error('no port is free');
}
