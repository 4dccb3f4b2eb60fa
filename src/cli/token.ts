import { Command, Option } from 'commander';
import { createKeyAsAdmin } from '../access/tenants/create-tenant.ts';
import { ROLES, type Role } from '../kernel/actor.ts';
import { asOwner } from './admin.ts';
import { CliError, EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';

/** How an id of a tenant looks. */
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Options = { json?: boolean; tenant: string; role: Role; name: string };

/** `agos token --tenant T --role R`: adds an API key and prints it, once. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('make an API key of a tenant; it is shown only this once')
    .requiredOption('--tenant <id>', 'id of the tenant')
    .addOption(new Option('--role <role>', 'what the key may do').choices([...ROLES]).makeOptionMandatory())
    .option('--name <name>', 'what the key is for', 'made by agos token')
    .option('--json', 'one JSON object')
    .action((options: Options) =>
      acting(options.json === true, async () => {
        const { tenant, role, name } = options;
        if (!UUID.test(tenant)) throw new CliError(EXIT.usage, 'Give the id of a tenant, which is a UUID.');
        const made = await asOwner((sql) => createKeyAsAdmin(sql, { tenant, role, name }));
        if (options.json) printJson({ id: made.id, tenant_id: tenant, role, api_key: made.key });
        else print(`API key  ${made.key}\nKeep it now: it cannot be shown again.`);
        return EXIT.ok;
      }),
    );
}
