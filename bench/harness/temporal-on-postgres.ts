import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common';
import postgres from 'postgres';
import { type OwnedProcess, spawnOwned, tailOf } from '../../src/stack/owned.ts';
import { freePort } from '../../src/stack/ports.ts';
import { elapsed } from '../../src/stack/progress.ts';
import { withConnection } from '../../src/stack/temporal/health.ts';
import { ROOT, readCompose } from '../../tests/production/compose-file.ts';
import { provideTemporalForPostgres, temporalVersion } from '../../tests/production/programs.ts';
import { innerPorts } from '../../tests/production/temporal-ports.ts';
import type { BenchContext } from './benchmark.ts';

const run = promisify(execFile);
const NAMESPACE = 'default';
const SERVING_WITHIN_MS = 90_000;

export type TemporalOnPostgres = {
  variables: Record<string, string>;
  pid: number;
  version: string;
  stop(): Promise<void>;
};

/** Temporal's server with the settings of docker-compose.yml, all four roles in one process, on this PostgreSQL. */
export async function startTemporalOnPostgres(
  adminUrl: string,
  { dataDir, environment, progress }: Pick<BenchContext, 'dataDir' | 'environment' | 'progress'>,
): Promise<TemporalOnPostgres> {
  const programs = await provideTemporalForPostgres({ environment, progress });
  const startedMs = Date.now();
  await makeDatabases(adminUrl);
  await makeTables(adminUrl, await folderOf(programs, dataDir));
  const port = await freePort();
  const logFile = join(dataDir, 'temporal-server.log');
  const server = spawnOwned(programs['temporal-server'], ['start'], {
    logFile,
    env: await settings(adminUrl, port),
    stopTimeoutMs: 30_000,
  });
  const address = `127.0.0.1:${port}`;
  try {
    await untilServing(address, server);
  } catch (error) {
    await server.stop();
    throw new Error(`Temporal on PostgreSQL: ${(error as Error).message}\n${tailOf(logFile)}`);
  }
  progress.line(`Temporal ${temporalVersion()} on PostgreSQL ready in ${elapsed(startedMs)}`);
  return {
    variables: {
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      TEMPORAL_CONFIG_FILE: join(dataDir, 'no-temporal-configuration.toml'),
    },
    pid: server.pid,
    version: `${temporalVersion()} (server on PostgreSQL)`,
    stop: server.stop,
  };
}

async function makeDatabases(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`create database temporal`;
    await sql`create database temporal_visibility`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** The tool by the name that the script of the compose file calls it by. */
async function folderOf(programs: { 'temporal-sql-tool': string }, dataDir: string): Promise<string> {
  const folder = join(dataDir, 'bin');
  await mkdir(folder);
  await symlink(programs['temporal-sql-tool'], join(folder, 'temporal-sql-tool'));
  return folder;
}

async function makeTables(adminUrl: string, folder: string): Promise<void> {
  const { hostname, port, username, password } = new URL(adminUrl);
  const env = {
    ...readCompose({}).services['temporal-schema']!.environment,
    PATH: `${folder}:/usr/bin:/bin`,
    SQL_HOST: hostname,
    SQL_PORT: port,
    SQL_USER: username,
    SQL_PASSWORD: password,
  };
  await run('sh', [join(ROOT, 'deploy/temporal/schema.sh')], { env });
}

async function settings(adminUrl: string, port: number): Promise<Record<string, string>> {
  const database = new URL(adminUrl);
  return {
    ...readCompose({}).services.temporal!.environment,
    POSTGRES_SEEDS: database.hostname,
    DB_PORT: database.port,
    POSTGRES_USER: database.username,
    POSTGRES_PWD: database.password,
    BIND_ON_IP: '127.0.0.1',
    DYNAMIC_CONFIG_FILE_PATH: join(ROOT, 'deploy/temporal/dynamic-config.yaml'),
    ...(await innerPorts(port)),
  };
}

/** A new namespace is known to every role only after a while: describing it does not tell. */
async function untilServing(address: string, server: OwnedProcess): Promise<void> {
  const deadlineMs = Date.now() + SERVING_WITHIN_MS;
  for (;;) {
    if (server.hasExited()) throw new Error(await server.exited);
    try {
      return await withConnection({ address }, makeNamespace);
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await sleep(500);
    }
  }
}

async function makeNamespace({ workflowService }: Connection): Promise<void> {
  const known = await workflowService.listNamespaces({});
  if (!known.namespaces.some((one) => one.namespaceInfo?.name === NAMESPACE)) {
    await workflowService.registerNamespace({
      namespace: NAMESPACE,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
  }
  await workflowService.listWorkflowExecutions({ namespace: NAMESPACE, pageSize: 1 });
}
