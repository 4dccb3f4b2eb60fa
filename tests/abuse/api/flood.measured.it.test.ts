import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changePlan } from '../../../src/control/quotas/change-plan.ts';
import { type ApiProcess, startApiProcess } from '../../support/api-process.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { insertLead } from '../../support/rows.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';
import { type Flood, type FloodReport, openFlood } from '../support/flood.ts';

/** 10,000 in a minute, and some more. */
const PER_SECOND = 170;
/** Short windows take turns: whatever else the machine does meets all of them alike. */
const WINDOW_REQUESTS = 10;
const ROUNDS_AT_LEAST = 12;
/** The victim's own plan allows 2,000 requests at once: one that is measured for long reaches it. */
const ROUNDS_OF_A_VICTIM = 50;
const LONGEST_MS = 120_000;
const MOST_RATIO = 1.2;

let database: TestDatabase;
let api: ApiProcess;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApiProcess(database);
});
afterAll(async () => {
  await api.stop();
  await database.close();
});

/** Another tenant, with something to read, on the plan that allows most. */
async function createVictim(): Promise<TestTenant> {
  const victim = await createTenant(database);
  await changePlan(database.admin, { tenant: victim.id, now: new Date(), plan: 'dominance' });
  for (let made = 0; made < 20; made += 1)
    await insertLead(database, { tenant: victim.id, createdBy: victim.keys.owner.id });
  return victim;
}

/** What another tenant's requests take, one after the other, in milliseconds. */
async function measure(victim: TestTenant, into: number[]): Promise<void> {
  for (let asked = 0; asked < WINDOW_REQUESTS; asked += 1) {
    const startedMs = performance.now();
    const answer = await fetch(`${api.url}/v1/leads?limit=10`, { headers: victim.keys.analyst.headers });
    await answer.arrayBuffer();
    into.push(performance.now() - startedMs);
    // A refusal because the machine is overrun took its time as well.
    expect([200, 503]).toContain(answer.status);
    await sleep(5);
  }
}

function p95(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.95)] ?? Number.NaN;
}

type Abuse = 'triage posts' | 'logins';
type Ratios = { toQuiet: number; toNothing: number; ofNothing: number; samples: number };

/** Beside the flood, without it, and beside as many requests that ask for nothing at all. */
async function compare(flood: Flood, nothing: Flood): Promise<Ratios> {
  const times = { quiet: [] as number[], nothing: [] as number[], flood: [] as number[] };
  const beside = { quiet: null, nothing, flood };
  const untilMs = performance.now() + LONGEST_MS;
  let victim = await createVictim();
  for (let round = 1; ; round += 1) {
    if (round % ROUNDS_OF_A_VICTIM === 0) victim = await createVictim();
    for (const arm of round % 2 === 0 ? ARMS : ARMS.toReversed()) {
      beside[arm]?.start();
      await sleep(30);
      await measure(victim, times[arm]);
      beside[arm]?.pause();
    }
    const [quiet, idle, busy] = ARMS.map((arm) => p95(times[arm])) as [number, number, number];
    const ratios = { toQuiet: busy / quiet, toNothing: busy / idle, ofNothing: idle / quiet };
    const isOver = performance.now() > untilMs || (round >= ROUNDS_AT_LEAST && isHarmless(ratios));
    if (isOver) return { ...ratios, samples: times.flood.length };
  }
}

const ARMS = ['quiet', 'nothing', 'flood'] as const;

/** On a machine that has no room for as many empty requests either, the flood may cost no more than they do. */
function isHarmless({ toQuiet, toNothing, ofNothing }: Omit<Ratios, 'samples'>): boolean {
  return toQuiet <= MOST_RATIO || (ofNothing > MOST_RATIO && toNothing <= MOST_RATIO);
}

describe.each([['triage posts'], ['logins']] as const)('10,000 %s in a minute', (kind: Abuse) => {
  // sabotage: src/api/kit/admit.ts :: if (standing.refused) throw tooManyRequests(standing, deps.clock.now()); =>
  test('are refused with 429 and Retry-After, whatever address they claim, and do not slow another tenant', async () => {
    const attacker = await createTenant(database);
    const { key } = attacker.keys.operator;
    const lead = await insertLead(database, { tenant: attacker.id, createdBy: attacker.keys.owner.id });
    const startedMs = performance.now();
    const order = { url: api.url, perSecond: PER_SECOND, key, lead };
    const flood = openFlood({ ...order, kind });
    const nothing = openFlood({ ...order, kind: 'nothing' });
    // The first hundred are what the plan allows at once: from then on it is abuse.
    flood.start();
    await sleep(1_500);
    flood.pause();
    await sleep(500);
    const ratios = await compare(flood, nothing);
    await nothing.end();
    const report = await flood.end();
    requireRefusals(kind, report, (performance.now() - startedMs) / 1_000);
    expect(ratios.samples).toBeGreaterThan(100);
    expect(isHarmless(ratios), `p95 of another tenant: ${JSON.stringify(ratios)}`).toBe(true);
  }, 240_000);
});

/** What came through is the burst of the limit and what came back in the time, by 60 a minute. */
function requireRefusals(kind: Abuse, { sent, statuses, withoutRetryAfter }: FloodReport, seconds: number) {
  // On a machine that is overrun a request may find no connection to the database in time: 503.
  const { 202: started = 0, 401: unknown = 0, 429: refused = 0, 503: late = 0 } = statuses;
  const passed = kind === 'logins' ? unknown : started;
  expect(passed + refused + late, JSON.stringify(statuses)).toBe(sent);
  expect(passed).toBeGreaterThan(0);
  expect(passed).toBeLessThanOrEqual(100 + Math.ceil(seconds));
  expect(refused).toBeGreaterThan(passed);
  expect(withoutRetryAfter).toBe(0);
}
