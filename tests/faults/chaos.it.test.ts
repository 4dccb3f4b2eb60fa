import { afterEach, expect, test } from 'vitest';
import { repetitions } from '../support/seeds.ts';
import { type Caller, createCaller } from './support/caller.ts';
import { followEvents } from './support/follower.ts';
import { type Kill, killAll, killsOf } from './support/kills.ts';
import { type Platform, startPlatform } from './support/platform.ts';
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

/** At night 200 triages for each of 20 seeds; else one seed that kills each part once. */
const SEEDS = Math.min(20, repetitions(1));
const IS_NIGHT = SEEDS > 1 || process.env.AGOS_CHAOS_SEED !== undefined;
const LOAD = IS_NIGHT ? { triages: 200, real: 4, everyMs: 150 } : { triages: 30, real: 1, everyMs: 200 };
const KILLS = IS_NIGHT ? 24 : 6;
const ENDS_WITHIN_MS = IS_NIGHT ? 600_000 : 110_000;
/** Repeats one seed, at its full size. */
const FIRST_SEED = Number(process.env.AGOS_CHAOS_SEED ?? 1);

let platform: Platform | undefined;
afterEach(async () => {
  await platform?.close();
  platform = undefined;
});

test.each(Array.from({ length: SEEDS }, (_, index) => FIRST_SEED + index))(
  'random kills of API, worker, server and database, seed %i: every lead ends, nothing acknowledged is lost, no scan is paid twice',
  async (seed) => {
    // sabotage: temporal/schedules.ts :: sweepEveryMs: 5_000, => sweepEveryMs: 3_600_000,
    // sabotage: src/control/spend/spender.ts :: if (spent !== null) await also?.(tx, spent); =>
    const phases = createPhases();
    platform = await startPlatform();
    phases.end('start');
    const { headers } = platform.tenant.keys.operator;
    const kills = killsOf(
      seed,
      platform.parts.map(({ name }) => name),
      KILLS,
    );
    const caller = createCaller(platform.origins, headers);
    const follower = followEvents(platform.origins, platform.tenant.keys.owner.headers);
    const stop = new AbortController();
    const killing = killAll(kills, platform.parts, stop.signal);
    // It is waited for below, but when the requests fail first.
    killing.catch(() => undefined);
    try {
      const done = await sendTraffic(caller, platform.sites, LOAD);
      phases.end('requests');
      await killing;
      phases.end('kills');
      await untilAllEnded(platform, ENDS_WITHIN_MS);
      phases.end('work');
      await expectAllEnded(platform);
      await expectNothingLost(platform, done);
      await expectPaidOnce(platform);
      await expectOneAttemptAtATime(platform);
      await expectDecidedOnce(platform, done);
      await expectEventsWhole(platform, follower.seen);
      await follower.stop();
      expect(caller.again.get('hangs')).toBe(undefined);
      // Whatever is killed: what cannot be answered now is "later", never a fault of ours.
      expect([...caller.again.keys()].filter((why) => why.startsWith('500 '))).toEqual([]);
      expect(await platform.stopServices()).toEqual([0, 0, 0, 0]);
      await expectNothingLeft(platform);
    } catch (error) {
      console.log(`seed ${seed} failed; its kills: ${describe(kills)}`);
      throw error;
    } finally {
      stop.abort();
      await killing.catch(() => undefined);
      await follower.stop();
      console.log(await summary(platform, { seed, phases, kills: kills.length, caller }));
    }
  },
  2 * ENDS_WITHIN_MS + 300_000,
);

const describe = (kills: Kill[]) =>
  kills.map((kill) => `${kill.part} +${kill.afterMs}/${kill.downMs}`).join(', ');

type Phases = { end(name: string): string };

/** How long each part of a seed took. */
function createPhases(): Phases {
  const done: string[] = [];
  let since = Date.now();
  return {
    end: (name) => {
      done.push(`${name} ${Math.round((Date.now() - since) / 1000)}`);
      since = Date.now();
      return done.join(', ');
    },
  };
}

async function summary(
  { database, loggedErrors }: Platform,
  run: { seed: number; phases: Phases; kills: number; caller: Caller },
): Promise<string> {
  const ends = await database.admin`select coalesce(hold_code, status) as result, count(*)::int as n
    from leads group by 1 order by 2 desc`;
  const [steps] = await database.admin`select count(*)::int as steps,
    count(*) filter (where outcome = 'lost')::int as lost from run_steps`;
  return [
    `seed ${run.seed}: ${run.kills} kills; seconds: ${run.phases.end('checks')}`,
    `asked again: ${[...run.caller.again].map(([why, n]) => `${why} ${n}`).join(', ')}; slowest answer ${run.caller.slowestMs} ms`,
    `leads: ${ends.map(({ result, n }) => `${result} ${n}`).join(', ')}; steps ${steps!.steps}, lost ${steps!.lost}`,
    ...loggedErrors(),
  ].join('\n  ');
}
