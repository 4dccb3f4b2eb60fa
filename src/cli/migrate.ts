import { Command } from 'commander';
import { bucketOf } from '../../temporal/storage.ts';
import { ensureBucket } from '../adapters/s3/bucket.ts';
import { StorageError } from '../assets/files/port.ts';
import { readConfig } from '../runtime/config.ts';
import { probePostgres } from '../stack/postgres/find.ts';
import { createRoles, RolesNotPermittedError } from '../stack/postgres/roles.ts';
import { createProgress } from '../stack/progress.ts';
import { addressIn } from './address.ts';
import { CliError, EXIT } from './exit.ts';
import { migrateAll } from './migrate-all.ts';
import { acting, print, printJson } from './output.ts';
import { prepareNamespace } from './prepare-namespace.ts';

/** `agos migrate`: roles, tables, playbooks, agents, the search attributes of the Temporal namespace, and the bucket. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database (DATABASE_ADMIN_URL) and the Temporal namespace up to date')
    .option('--json', 'one JSON object')
    .action((options: { json?: boolean }) =>
      acting(options.json === true, async () => {
        await ensureRoles(process.env);
        await migrateAll({ environment: process.env, progress: createProgress() });
        const namespace = await prepareNamespace();
        const files = await prepareBucket();
        if (options.json) printJson({ database: 'up to date', namespace, files });
        else print(`${namespace}\n${files}`);
        return EXIT.ok;
      }),
    );
}

/** Makes the bucket of the settings where it is missing; answers with a sentence. */
async function prepareBucket(): Promise<string> {
  const bucket = bucketOf(readConfig());
  if (!bucket)
    return 'AGOS_S3_BUCKET is not set: files lie in a folder, which is made with the first of them.';
  try {
    return `Bucket ${bucket.bucket}: ${await ensureBucket(bucket)}.`;
  } catch (error) {
    throw error instanceof StorageError ? new CliError(EXIT.unreachable, error.detail) : error;
  }
}

/** Makes the two roles with the passwords of `DATABASE_URL` and `DATABASE_SYSTEM_URL`, or prints the SQL. */
async function ensureRoles(environment: NodeJS.ProcessEnv): Promise<void> {
  const { DATABASE_ADMIN_URL: admin, DATABASE_URL: runtime, DATABASE_SYSTEM_URL: system } = environment;
  if (!admin || !runtime || !system) {
    throw new CliError(
      EXIT.usage,
      'Set DATABASE_ADMIN_URL (owner), DATABASE_URL (user agos_app) and DATABASE_SYSTEM_URL (user agos_system).',
    );
  }
  const owner = addressIn('DATABASE_ADMIN_URL', admin);
  await probePostgres(owner, 'DATABASE_ADMIN_URL');
  const password = (name: string, url: string) => decodeURIComponent(new URL(addressIn(name, url)).password);
  const runtimePassword = password('DATABASE_URL', runtime);
  const systemPassword = password('DATABASE_SYSTEM_URL', system);
  try {
    await createRoles(owner, { runtimePassword, systemPassword });
  } catch (error) {
    if (!(error instanceof RolesNotPermittedError)) throw error;
    throw new CliError(EXIT.refused, error.message);
  }
}
