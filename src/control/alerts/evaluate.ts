import { isNull } from 'drizzle-orm';
import pLimit from 'p-limit';
import { tenants } from '../../access/tenants/tables.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { quotedOf } from '../../runtime/error-message.ts';
import { readCreditPeriod } from '../quotas/repository.ts';
import { periodOf } from '../quotas/rules.ts';
import { readDaySpend } from '../spend/repository.ts';
import { dayOf, type SpendCaps } from '../spend/rules.ts';
import { applyFindings } from './apply-findings.ts';
import { globalBudget, limitFindings, tenantBudget, tenantCredits } from './budgets.ts';
import { disabledEndpoints, failedImports } from './ended-badly.ts';
import { countHeldLeads, type HeldCount, heldFindings, heldFindingsOfAll } from './held-leads.ts';
import { type QueueDelay, queueFindings, waitingFindings, waitingSince } from './queue-delay.ts';
import { readKnown } from './repository.ts';
import { ALERT_KINDS, type AlertKind, type AlertLimits, INSTALLATION } from './rules.ts';
import {
  countFailingRuns,
  countWaitingRuns,
  type FailingRuns,
  type FailingWorkflow,
  failingFindings,
  failingWorkflowFindings,
} from './runs-in-trouble.ts';

export type EvaluateDeps = {
  db: Database;
  clock: Clock;
  caps: SpendCaps;
  limits: AlertLimits;
  /** What Temporal tells of its task queues; null when it does not tell. */
  queueDelays(): Promise<QueueDelay[] | null>;
  /** Which workflows that no run stands for fail at their own step; null when Temporal does not tell. */
  failingWorkflows(): Promise<FailingWorkflow[] | null>;
  warn(message: string, about: Record<string, unknown>): void;
};

export type Evaluated = { tenants: number; raised: number; resolved: number };

const TENANTS_AT_ONCE = 4;

/** One pass: looks at every tenant and at the installation, raises what is new and ends what is over. */
export async function evaluateAlerts(deps: EvaluateDeps): Promise<Evaluated> {
  const now = deps.clock.now();
  const ids = await tenantsToWatch(deps.db);
  const limit = pLimit(TENANTS_AT_ONCE);
  const looks = await Promise.all(ids.map((id) => limit(() => tryTenant(deps, id, now))));
  const seen = looks.filter((one) => one !== null);
  // Half of the tenants say nothing of the installation.
  const ofAll = seen.length === ids.length ? await lookAtInstallation(deps, seen, now) : NOTHING;
  const sum = (of: 'raised' | 'resolved') => seen.reduce((total, one) => total + one[of], ofAll[of]);
  return { tenants: seen.length, raised: sum('raised'), resolved: sum('resolved') };
}

const NOTHING = { raised: 0, resolved: 0 };

function tenantsToWatch(db: Database): Promise<string[]> {
  return db.withSystem('tenants_to_watch', async (tx) => {
    const rows = await tx.select({ id: tenants.id }).from(tenants).where(isNull(tenants.deletedAt));
    return rows.map(({ id }) => id);
  });
}

type TenantLook = { raised: number; resolved: number; held: HeldCount[]; failing: FailingRuns[] };

/** One tenant that cannot be looked at must not keep the others from it. */
async function tryTenant(deps: EvaluateDeps, tenant: string, now: Date): Promise<TenantLook | null> {
  try {
    return await deps.db.withTenant(systemScope(tenant, tenant), (tx) => lookAtTenant(deps, tx, tenant, now));
  } catch (error) {
    deps.warn('the alerts of a tenant could not be evaluated', { tenant, reason: quotedOf(error) });
    return null;
  }
}

async function lookAtTenant(deps: EvaluateDeps, tx: Tx, tenant: string, now: Date): Promise<TenantLook> {
  const { caps, limits } = deps;
  const [day, period] = [dayOf(now), periodOf(now)];
  const known = await readKnown(tx, { tenant, now });
  const held = await countHeldLeads(tx, { tenant, now, known });
  const failing = await countFailingRuns(tx, { tenant, failures: limits.taskFailures });
  const requestedBefore = waitingSince(now, limits.queueDelayMs, known);
  const waiting = await countWaitingRuns(tx, { tenant, requestedBefore });
  const spend = await readDaySpend(tx, { tenant, day: day.date });
  const credits = await readCreditPeriod(tx, { tenant, month: period.month });
  const findings = [
    ...heldFindings(held, limits.heldLeads),
    ...failingFindings(failing, { now, known, whose: 'of yours' }),
    ...waitingFindings(waiting, now, known),
    ...limitFindings(tenantBudget(spend, caps, day), now, known),
    ...(credits ? limitFindings(tenantCredits(credits, period), now, known) : []),
    ...(await failedImports(tx, { tenant, now, known })),
    ...(await disabledEndpoints(tx, { tenant, now, known })),
  ];
  const looked = new Set(ALERT_KINDS);
  const changed = await applyFindings({ ...deps, tx, now }, { tenant, known, findings, looked });
  return { ...changed, held, failing };
}

async function lookAtInstallation(deps: EvaluateDeps, looks: readonly TenantLook[], now: Date) {
  const { caps, limits } = deps;
  const delays = await deps.queueDelays();
  const workflows = await deps.failingWorkflows();
  const day = dayOf(now);
  const failing = looks.flatMap((one) => one.failing);
  const inTrouble = looks.filter((one) => one.failing.length > 0).length;
  return deps.db.withTenant(systemScope(INSTALLATION, INSTALLATION), async (tx) => {
    const known = await readKnown(tx, { tenant: INSTALLATION, now });
    const spend = await readDaySpend(tx, { tenant: INSTALLATION, day: day.date });
    const whose = inTrouble === 1 ? 'of one tenant' : `of ${inTrouble} tenants`;
    const findings = [
      ...heldFindingsOfAll(
        looks.flatMap((one) => one.held),
        limits.heldLeads,
        known,
      ),
      ...failingFindings(failing, { now, known, whose }),
      ...failingWorkflowFindings(workflows ?? [], { now, known }),
      ...limitFindings(globalBudget(spend, caps, day), now, known),
      ...queueFindings(delays ?? [], { now, delayMs: limits.queueDelayMs, known }),
    ];
    const untold = new Set<AlertKind>();
    if (delays === null) untold.add('queue_delay');
    if (workflows === null) untold.add('workflow_task_failing');
    const looked = new Set(ALERT_KINDS.filter((kind) => !untold.has(kind)));
    return applyFindings({ ...deps, tx, now }, { tenant: INSTALLATION, known, findings, looked });
  });
}
