import type { EvaluateDeps } from '../../src/control/alerts/evaluate.ts';
import { evaluateAlerts } from '../../src/control/alerts/evaluate.ts';
import { INSTALLATION } from '../../src/control/alerts/rules.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { TestDatabase } from './database.ts';
import { TEST_CAPS } from './requests.ts';

export const TEST_ALERT_LIMITS = { heldLeads: 25, queueDelayMs: 300_000, taskFailures: 3 };

/** One pass over every tenant of a test's database. */
export function passOver({ db }: TestDatabase, overrides: Partial<EvaluateDeps> = {}) {
  return evaluateAlerts({
    db,
    clock: systemClock,
    caps: TEST_CAPS,
    limits: TEST_ALERT_LIMITS,
    queueDelays: async () => [],
    failingWorkflows: async () => [],
    warn: () => undefined,
    ...overrides,
  });
}

/** A tenant's alerts as they stand in the database, or the installation's, oldest first. */
export async function alertsOf({ admin }: TestDatabase, tenant: string = INSTALLATION) {
  return [...(await admin`select * from alerts where tenant_id = ${tenant} order by first_seen_at, id`)];
}
