import { join } from 'node:path';
import postgres from 'postgres';
import { migrateAll } from '../../src/cli/migrate-all.ts';
import { namespaceSetup } from '../../src/cli/namespace-setup.ts';
import { definedIn, type Environment } from '../../src/stack/cache.ts';
import { startPostgres } from '../../src/stack/postgres/start.ts';
import { startStack } from '../../src/stack/stack.ts';
import type { BenchContext } from './benchmark.ts';
import { descendantsRunning } from './processes.ts';
import { startTemporalOnPostgres } from './temporal-on-postgres.ts';

/** PostgreSQL and Temporal: what both sides of a benchmark use. */
export type BenchServers = {
  variables: Record<string, string>;
  pids: readonly number[];
  versions: Record<string, string>;
  close(): Promise<void>;
};

/** Starts what production runs: a PostgreSQL that keeps what it commits, and Temporal's server on it. */
export async function startServers(context: BenchContext): Promise<BenchServers> {
  const { dataDir, progress } = context;
  const database = await startPostgres({ dataDir: join(dataDir, 'database'), progress });
  try {
    const temporal = await startTemporalOnPostgres(database.adminUrl, context);
    return {
      variables: {
        AGOS_ENV: 'development',
        DATABASE_URL: database.url,
        DATABASE_SYSTEM_URL: database.systemUrl,
        DATABASE_ADMIN_URL: database.adminUrl,
        ...temporal.variables,
      },
      pids: [database.pid, temporal.pid],
      versions: { PostgreSQL: database.version, Temporal: temporal.version },
      close: async () => {
        await temporal.stop();
        await database.stop();
      },
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/** These servers with our tables and search attributes, without API and workers. */
export async function startPreparedServers(
  context: BenchContext,
): Promise<BenchServers & { admin: postgres.Sql }> {
  const { dataDir, progress } = context;
  const servers = await startServers(context);
  const environment = { ...withoutServices(context.environment), ...servers.variables };
  const stack = await startStack({ dataDir, environment, progress, namespaceSetup, chromium: false });
  await migrateAll({ environment: stack.environment, progress });
  const admin = postgres(servers.variables.DATABASE_ADMIN_URL ?? '', { max: 4, onnotice: () => {} });
  return {
    ...servers,
    admin,
    close: async () => {
      await admin.end({ timeout: 5 });
      await stack.stop();
      await servers.close();
    },
  };
}

/** The environment without servers and settings of others: a benchmark brings its own. */
export function withoutServices(environment: Environment): Record<string, string> {
  const kept = Object.entries(definedIn(environment)).filter(
    ([name]) => !/^(DATABASE|TEMPORAL|AGOS)_/.test(name),
  );
  return Object.fromEntries(kept);
}

/** What `agos up` starts: PostgreSQL and Temporal's development server. */
export async function serverPids(): Promise<number[]> {
  return [await pidOf('/postgres -D'), await pidOf('server start-dev')];
}

/** The process below this one with this command. */
export async function pidOf(command: string): Promise<number> {
  const [pid] = await descendantsRunning(command);
  if (pid === undefined) throw new Error(`${command} does not run`);
  return pid;
}
