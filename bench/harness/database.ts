import postgres from 'postgres';
import { createKeyAsAdmin, createTenant } from '../../src/access/tenants/create-tenant.ts';
import { migrateAll } from '../../src/cli/migrate-all.ts';
import { changePlan } from '../../src/control/quotas/change-plan.ts';
import { startPostgres } from '../../src/stack/postgres/start.ts';
import type { BenchContext } from './benchmark.ts';

export type BenchDatabase = {
  urls: { DATABASE_URL: string; DATABASE_SYSTEM_URL: string };
  adminUrl: string;
  /** The owner's connection, past row-level security. */
  admin: postgres.Sql;
  version: string;
  pid: number;
  close(): Promise<void>;
};

/** A PostgreSQL that keeps what it commits (fsync and synchronous_commit on), with our tables. */
export async function startDatabase({ dataDir, progress }: BenchContext): Promise<BenchDatabase> {
  const server = await startPostgres({ dataDir, progress });
  const { adminUrl } = server;
  await migrateAll({ environment: { DATABASE_ADMIN_URL: adminUrl }, progress });
  const admin = postgres(adminUrl, { max: 4, onnotice: () => {} });
  return {
    urls: { DATABASE_URL: server.url, DATABASE_SYSTEM_URL: server.systemUrl },
    adminUrl,
    admin,
    version: server.version,
    pid: server.pid,
    close: async () => {
      await admin.end({ timeout: 5 });
      await server.stop();
    },
  };
}

/** A tenant with a key that may do everything. */
export async function makeTenant(admin: postgres.Sql, name: string): Promise<{ id: string; key: string }> {
  const { id } = await createTenant(admin, { name });
  await changePlan(admin, { tenant: id, now: new Date(), plan: 'dominance' });
  const { key } = await createKeyAsAdmin(admin, { tenant: id, role: 'owner', name: 'benchmark' });
  return { id, key };
}
