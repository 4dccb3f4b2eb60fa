import { createAdmission } from '../../src/control/admission/admit-work.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { createTriageRequests } from '../../src/triage/triage-room/request-triage.ts';

/** What the settings say by themselves: no test meets it without wanting to. */
export const TEST_CAPS = {
  userMicroUsd: 10_000_000,
  tenantMicroUsd: 10_000_000,
  globalMicroUsd: 100_000_000,
};

const MANY = { perMinute: 1_000_000, burst: 1_000_000 };

/** More than any test asks for, unless it is about this. */
export const TEST_RATES = { ignition: MANY, velocity: MANY, dominance: MANY };

/** Triages are asked for as the API and the worker do, admission included. */
export const testRequests = createTriageRequests({
  admitWork: createAdmission({ clock: systemClock, caps: TEST_CAPS }),
});
