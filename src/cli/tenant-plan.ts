import { Command, InvalidArgumentError, Option } from 'commander';
import { PLANS, SUBSCRIPTION_STATUSES } from '../access/tenants/rules.ts';
import { type Bought, changePlan, type PlanChange, readBought } from '../control/quotas/change-plan.ts';
import { asOwner } from './admin.ts';
import { CliError, EXIT } from './exit.ts';
import { acting, print, printJson } from './output.ts';
import { UUID } from './token.ts';

type Options = {
  plan?: NonNullable<PlanChange['plan']>;
  subscription?: NonNullable<PlanChange['subscription_status']>;
  quota?: number | 'plan';
  addCredits?: number;
  json?: boolean;
};

/** `agos tenant plan TENANT`: shows what a tenant has bought, or changes it on the owner's connection. */
export function tenantPlanCommand(): Command {
  return new Command('plan')
    .description("show a tenant's plan, credits and quota of this month, or change them")
    .argument('<tenant>', 'id of the tenant')
    .addOption(new Option('--plan <plan>', 'what it has bought').choices(PLANS))
    .addOption(
      new Option('--subscription <status>', 'how its subscription stands').choices(SUBSCRIPTION_STATUSES),
    )
    .option('--quota <triages>', 'triages of each user in a month; "plan" for what the plan says', quotaOf)
    .option('--add-credits <credits>', "credits to add to this month's", wholeNumber)
    .option('--json', 'one JSON object')
    .action((tenant: string, options: Options) =>
      acting(options.json === true, async () => {
        if (!UUID.test(tenant)) throw new CliError(EXIT.usage, 'Give the id of a tenant, which is a UUID.');
        const change = changeOf(options);
        const at = { tenant, now: new Date() };
        const bought = await asOwner((sql) =>
          Object.keys(change).length > 0 ? changePlan(sql, { ...at, ...change }) : readBought(sql, at),
        );
        if (options.json) printJson({ tenant_id: tenant, ...bought });
        else print(describe(bought));
        return EXIT.ok;
      }),
    );
}

function changeOf({ plan, subscription, quota, addCredits }: Options): PlanChange {
  return {
    ...(plan && { plan }),
    ...(subscription && { subscription_status: subscription }),
    ...(quota !== undefined && { triage_quota: quota === 'plan' ? null : quota }),
    ...(addCredits !== undefined && { add_credits: addCredits }),
  };
}

function describe(bought: Bought): string {
  return [
    `plan          ${bought.plan}`,
    `subscription  ${bought.subscription_status}`,
    `credits       ${bought.credits_used} of ${bought.credits} used in ${bought.month}`,
    `quota         ${bought.triage_quota} triages a month for each user`,
  ].join('\n');
}

const quotaOf = (text: string): number | 'plan' => (text === 'plan' ? text : wholeNumber(text));

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}
