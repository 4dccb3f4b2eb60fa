import postgres from 'postgres';
import { type ApiClient, createClient } from '../../src/cli/client.ts';
import { startLocalStack } from '../../src/cli/local-stack.ts';
import { changePlan } from '../../src/control/quotas/change-plan.ts';
import { readRunningStack } from '../../src/stack/running.ts';
import type { BenchContext } from './benchmark.ts';
import { makeTenant } from './database.ts';
import { type BenchServers, pidOf, serverPids, withoutServices } from './servers.ts';

const PLENTY = 1_000_000;

/** The whole of AgOS on this machine, as `agos up` starts it. */
export type BenchStack = {
  url: string;
  /** The owner's connection, past row-level security. */
  admin: postgres.Sql;
  variables: Record<string, string>;
  /** PostgreSQL and Temporal: both sides use them. */
  servers: readonly number[];
  api: number;
  worker: number;
  versions: Record<string, string>;
  /** A client of a tenant of its own, which may scan without end. */
  newTenant(name: string): Promise<BenchTenant>;
  close(): Promise<void>;
};

export type BenchTenant = { id: string; key: string; client: ApiClient };

/**
 * Brings AgOS up in the benchmark's folder, in a mode for development since the sites are on loopback; on servers
 * as production has them where they are given, and otherwise on those that `agos up` starts.
 */
export async function startBenchStack(
  { dataDir, environment, progress }: BenchContext,
  { extra = {}, on }: { extra?: Record<string, string>; on?: BenchServers } = {},
): Promise<BenchStack> {
  const stack = await startLocalStack({
    dataDir,
    environment: { ...withoutServices(environment), ...on?.variables },
    progress,
    extra,
  });
  const variables = { ...(await readRunningStack(dataDir))?.variables, ...on?.variables };
  const admin = postgres(variables.DATABASE_ADMIN_URL ?? '', { max: 4, onnotice: () => {} });
  const [version] = await admin`show server_version`;
  return {
    url: stack.url,
    admin,
    variables,
    servers: on?.pids ?? (await serverPids()),
    api: await pidOf('src/api/main.ts'),
    worker: await pidOf('temporal/main.ts'),
    versions: on?.versions ?? {
      PostgreSQL: version?.server_version,
      Temporal: 'development server on SQLite',
    },
    newTenant: async (name) => {
      const { id, key } = await makeTenant(admin, name);
      await changePlan(admin, { tenant: id, now: new Date(), triage_quota: PLENTY, add_credits: PLENTY });
      return { id, key, client: createClient(stack.url, key) };
    },
    close: async () => {
      await admin.end({ timeout: 5 });
      await stack.stop();
      await on?.close();
    },
  };
}
