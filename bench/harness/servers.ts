import postgres from 'postgres';
import { migrateAll } from '../../src/cli/migrate-all.ts';
import { namespaceSetup } from '../../src/cli/namespace-setup.ts';
import { definedIn, type Environment } from '../../src/stack/cache.ts';
import { startStack } from '../../src/stack/stack.ts';
import type { BenchContext } from './benchmark.ts';
import { descendantsRunning } from './processes.ts';

/** PostgreSQL with our tables, and Temporal: what both sides of a benchmark use. */
export type BenchServers = {
  variables: Record<string, string>;
  /** The owner's connection, past row-level security. */
  admin: postgres.Sql;
  pids: readonly number[];
  versions: Record<string, string>;
  close(): Promise<void>;
};

/** Starts both servers in the benchmark's folder. */
export async function startServers({ dataDir, environment, progress }: BenchContext): Promise<BenchServers> {
  const stack = await startStack({
    dataDir,
    environment: withoutServices(environment),
    progress,
    namespaceSetup,
    ui: false,
    chromium: false,
  });
  await migrateAll({ environment: stack.environment, progress });
  const admin = postgres(stack.environment.DATABASE_ADMIN_URL ?? '', { max: 4, onnotice: () => {} });
  return {
    variables: stack.environment,
    admin,
    pids: await serverPids(),
    versions: Object.fromEntries(stack.parts.map((part) => [part.name, `${part.version} (${part.source})`])),
    close: async () => {
      await admin.end({ timeout: 5 });
      await stack.stop();
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

/** What is started for both sides: PostgreSQL and Temporal's development server. */
export async function serverPids(): Promise<number[]> {
  return [await pidOf('/postgres -D'), await pidOf('server start-dev')];
}

/** The process below this one with this command. */
export async function pidOf(command: string): Promise<number> {
  const [pid] = await descendantsRunning(command);
  if (pid === undefined) throw new Error(`${command} does not run`);
  return pid;
}
