import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { repetitions } from '../support/seeds.ts';
import { createCaller } from './support/caller.ts';
import { followEvents } from './support/follower.ts';
import { type Platform, type ServicePart, startPlatform } from './support/platform.ts';
import { sendTraffic } from './support/traffic.ts';
import {
  expectAllEnded,
  expectDecidedOnce,
  expectEventsWhole,
  expectNothingLeft,
  expectNothingLost,
  expectOneAttemptAtATime,
  expectPaidOnce,
  untilAllEnded,
} from './support/verdict.ts';

/** What a worker has after SIGTERM: its grace, the time to clean up, and a busy machine's pauses. */
const GRACE_MS = 10_000 + 8_000 + 7_000;
/** Each round restarts every process once. */
const ROUNDS = Math.min(10, repetitions(1));
const LOAD = { triages: 15 * ROUNDS + 10, real: 0, everyMs: 300 };

let platform: Platform | undefined;
afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

// Row 5: SIGTERM deploy under load: drains within the set grace, 0 duplicate effects, exit 0.
test('every process restarted while work flows: each drains in its grace and exits 0, and nothing is done or paid twice', async () => {
  // sabotage: temporal/run-worker.ts :: worker?.shutdown().catch(() => undefined); => process.exit(0);
  platform = await startPlatform();
  const caller = createCaller(platform.origins, platform.tenant.keys.operator.headers);
  const follower = followEvents(platform.origins, platform.tenant.keys.owner.headers);
  try {
    const traffic = sendTraffic(caller, platform.sites, LOAD);
    const drained: Drained[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const service of platform.services) {
        await sleep(500);
        drained.push(await restart(service));
      }
    }
    const done = await traffic;
    await untilAllEnded(platform, 90_000);
    console.log(`drained in ${drained.map(({ name, tookMs }) => `${name} ${tookMs} ms`).join(', ')}`);
    expect(drained.filter(({ code, tookMs }) => code !== 0 || tookMs > GRACE_MS)).toEqual([]);
    await expectAllEnded(platform);
    await expectNothingLost(platform, done);
    await expectPaidOnce(platform);
    await expectOneAttemptAtATime(platform);
    await expectDecidedOnce(platform, done);
    await expectNothingDoneTwice(platform);
    await expectEventsWhole(platform, follower.seen);
    await follower.stop();
    expect(await platform.stopServices()).toEqual([0, 0, 0, 0]);
    await expectNothingLeft(platform);
    expect(platform.loggedErrors().filter((error) => error.startsWith('worker'))).toEqual([]);
  } finally {
    await follower.stop();
  }
}, 300_000);

type Drained = { name: string; code: number | null; tookMs: number };

async function restart(service: ServicePart): Promise<Drained> {
  const startedMs = Date.now();
  const code = await service.stop();
  const tookMs = Date.now() - startedMs;
  await service.start();
  return { name: service.name, code, tookMs };
}

/** Work that fits into the grace ends in it: no step was lost, and none was begun a second time. */
async function expectNothingDoneTwice({ database: { admin }, scansBegun }: Platform): Promise<void> {
  const [steps] = await admin`select count(*)::int as lost from run_steps where outcome <> 'done'
    and run_id not in (select id from runs where cancel_requested_at is not null)`;
  expect(steps).toEqual({ lost: 0 });
  const times = Map.groupBy(scansBegun(), ({ host, step }) => `${host} ${step}`);
  expect([...times].filter(([, begun]) => begun.length > 1).map(([scan]) => scan)).toEqual([]);
  const repeated = await admin`select key from spend_entries where key not like '%/1'`;
  expect([...repeated]).toEqual([]);
}
