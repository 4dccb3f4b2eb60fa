import { Command } from 'commander';
import { createKeyAsAdmin, createTenant } from '../access/tenants/create-tenant.ts';
import { asOwner } from './admin.ts';
import { CliError, EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';
import { tenantPlanCommand } from './tenant-plan.ts';

/** `agos tenant create NAME`: adds a tenant and prints its first key, once. */
export function tenantCommand(): Command {
  const create = new Command('create')
    .description('add a tenant; prints an API key of its owner, which is shown only this once')
    .argument('<name>', 'name of the tenant')
    .option('--json', 'one JSON object')
    .action((name: string, options: { json?: boolean }) =>
      acting(options.json === true, async () => {
        const wanted = name.trim();
        if (wanted === '' || wanted.length > 200)
          throw new CliError(EXIT.usage, 'Give a name of 1 to 200 characters.');
        const made = await asOwner(async (sql) => {
          const tenant = await createTenant(sql, { name: wanted });
          const { key } = await createKeyAsAdmin(sql, {
            tenant: tenant.id,
            role: 'owner',
            name: 'first key',
          });
          return { tenant_id: tenant.id, name: wanted, api_key: key };
        });
        if (options.json) printJson(made);
        else
          print(
            `tenant   ${made.tenant_id}\nAPI key  ${made.api_key}\nKeep the key now: it cannot be shown again.`,
          );
        return EXIT.ok;
      }),
    );
  return new Command('tenant')
    .description('manage tenants')
    .addCommand(create.exitOverride())
    .addCommand(tenantPlanCommand().exitOverride());
}
