import { type AdminSql, type AdminTx, recordAsAdmin } from '../../access/tenants/create-tenant.ts';
import type { Plan, SubscriptionStatus } from '../../access/tenants/rules.ts';
import { AgosError } from '../../kernel/errors.ts';
import { PLAN_LIMITS, periodOf } from './rules.ts';

/** What an administrator may change of what a tenant has bought; each is the owner's connection's alone. */
export type PlanChange = {
  plan?: Plan;
  subscription_status?: SubscriptionStatus;
  /** Triages that each user may ask for in a month; null: what the plan says. */
  triage_quota?: number | null;
  /** Credits to add to this month's. */
  add_credits?: number;
};

export type Bought = {
  plan: Plan;
  subscription_status: SubscriptionStatus;
  triage_quota: number;
  month: string;
  credits: number;
  credits_used: number;
};

/** Changes what a tenant has bought, audited, in one transaction. A larger plan counts from this month on. */
export async function changePlan(
  admin: AdminSql,
  input: { tenant: string; now: Date } & PlanChange,
): Promise<Bought> {
  const { tenant, now, ...change } = input;
  const { month } = periodOf(now);
  return admin.begin(async (tx) => {
    const before = await lock(tx, tenant);
    const plan = change.plan ?? before.plan;
    await openMonth(tx, { tenant, month, granted: PLAN_LIMITS[before.plan].credits });
    const more = PLAN_LIMITS[plan].credits - PLAN_LIMITS[before.plan].credits + (change.add_credits ?? 0);
    // What is used cannot be taken back: a smaller plan leaves nothing, and not less.
    await tx`update credit_periods set granted = greatest(used, granted + ${more}), updated_at = now()
      where tenant_id = ${tenant} and month = ${month}`;
    const quota = change.triage_quota === undefined ? before.triage_quota : change.triage_quota;
    await tx`update tenants set plan = ${plan}, triage_quota = ${quota}, version = version + 1, updated_at = now(),
      subscription_status = ${change.subscription_status ?? before.subscription_status} where id = ${tenant}`;
    const details = Object.fromEntries(Object.entries(change).map(([name, value]) => [name, String(value)]));
    await recordAsAdmin(tx, { tenant, action: 'tenant.plan_changed', type: 'tenant', id: tenant, details });
    return read(tx, { tenant, month });
  });
}

/** What a tenant has bought, and what it has used of it this month. */
export async function readBought(admin: AdminSql, at: { tenant: string; now: Date }): Promise<Bought> {
  return admin.begin(async (tx) => {
    return read(tx, { tenant: at.tenant, month: periodOf(at.now).month });
  });
}

type Row = { plan: Plan; subscription_status: SubscriptionStatus; triage_quota: number | null };

async function lock(tx: AdminTx, tenant: string): Promise<Row> {
  const [row] = await tx<Row[]>`select plan, subscription_status, triage_quota from tenants
    where id = ${tenant} and deleted_at is null for update`;
  if (!row) throw new AgosError('not_found', `There is no tenant ${tenant}.`);
  return row;
}

async function openMonth(tx: AdminTx, at: { tenant: string; month: string; granted: number }): Promise<void> {
  await tx`insert into credit_periods (tenant_id, month, granted) values (${at.tenant}, ${at.month}, ${at.granted})
    on conflict do nothing`;
}

async function read(tx: AdminTx, at: { tenant: string; month: string }): Promise<Bought> {
  const tenant = await lock(tx, at.tenant);
  const [period] = await tx<{ granted: number; used: number }[]>`select granted, used from credit_periods
    where tenant_id = ${at.tenant} and month = ${at.month}`;
  const limits = PLAN_LIMITS[tenant.plan];
  return {
    plan: tenant.plan,
    subscription_status: tenant.subscription_status,
    triage_quota: tenant.triage_quota ?? limits.triagesPerUser,
    month: at.month.slice(0, 7),
    credits: period?.granted ?? limits.credits,
    credits_used: period?.used ?? 0,
  };
}
