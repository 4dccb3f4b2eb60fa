import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EventRow, readEvents } from '../../src/control/events/repository.ts';
import type { TenantScope } from '../../src/kernel/actor.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { startIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.ts';
import { insertLead } from '../support/rows.ts';
import { repetitions } from '../support/seeds.ts';
import { createTenant, giveVolume, type TestTenant } from '../support/tenant.ts';
import { type Days, foldEvents } from './fold-events.ts';
import { playHistory } from './random-history.ts';

let app: TestApp;
let provider: TestIdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider();
  app = await createTestApp({ issuers: [provider.issuer] });
});
afterAll(async () => {
  await app.close();
  await provider.close();
});

const day = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
/** Today, all of it, a part of it, and days on which nothing was. */
const RANGES = (): Days[] => [
  { from: day(0), to: day(0) },
  { from: day(6), to: day(0) },
  { from: day(4), to: day(2) },
  { from: day(60), to: day(50) },
];

async function eventsSeenBy(scope: TenantScope): Promise<EventRow[]> {
  const all: EventRow[] = [];
  for (let after = 0; ; ) {
    const page = await app.database.db.withTenant(scope, (tx) =>
      readEvents(tx, scope.tenant, {}, { after, limit: 1_000 }),
    );
    all.push(...page.rows);
    after = page.reached;
    if (!page.more) return all;
  }
}

/** What the API says and what the events say, for every answer and range. */
async function bothOf(scope: TenantScope, headers: Record<string, string>) {
  const log = foldEvents(await eventsSeenBy(scope));
  const said: unknown[] = [];
  const folded: unknown[] = [];
  const ask = async (path: string, days: Days, more = '') => {
    const answer = await app.request('GET', `/v1/analytics/${path}?from=${days.from}&to=${days.to}${more}`, {
      headers,
    });
    expect(answer.status, answer.text).toBe(200);
    said.push(answer.body);
  };
  for (const days of RANGES()) {
    for (const by of ['day', 'room', 'agent'] as const) {
      await ask('usage', days, `&group_by=${by}`);
      folded.push(log.usage(days, by));
    }
    await ask('pipeline', days);
    folded.push(log.pipeline(days));
    await ask('agents', days);
    folded.push(log.agents(days));
  }
  return { said, folded };
}

describe.each(Array.from({ length: repetitions(2) }, (_, index) => [index + 1] as const))(
  'history %i',
  (seed) => {
    let tenant: TestTenant;
    beforeAll(async () => {
      tenant = await createTenant(app.database);
      await giveVolume(app.database, tenant.id);
      await playHistory(app.database, tenant, { seed, steps: 300 });
    });

    test('usage, pipeline and agents equal what the events alone add up to', async () => {
      const { said, folded } = await bothOf(tenant.scope, tenant.keys.owner.headers);
      expect(said).toEqual(folded);
      expect(JSON.stringify(said[5])).toMatch(/"cost_micro_usd":[1-9]/);
    });

    // sabotage: migrations/0016_stays_of_leads_in_their_statuses.sql :: or created_by = (select agos_principal()) or exists => or true or exists
    test('who sees only own and assigned leads gets the figures of those', async () => {
      const { editor } = tenant.members;
      const token = await provider.token(editor.subject);
      const headers = { authorization: `Bearer ${token}`, 'agos-tenant': tenant.id };
      const { said, folded } = await bothOf(editor.scope, headers);
      expect(said).toEqual(folded);
      const all = await bothOf(tenant.scope, tenant.keys.owner.headers);
      expect(said).not.toEqual(all.said);
    });
  },
);

test('a tenant in which nothing was gets zeros, each day and each status, and nothing of its neighbour', async () => {
  const { keys } = await createTenant(app.database);
  const ask = (path: string) => app.request('GET', `/v1/analytics/${path}`, { headers: keys.viewer.headers });
  const usage = (await ask('usage')).body;
  expect(usage).toMatchObject({ from: day(29), to: day(0), group_by: 'day', total: { cost_micro_usd: 0 } });
  expect(usage.data).toHaveLength(30);
  const pipeline = (await ask('pipeline')).body;
  expect(pipeline).toMatchObject({ created: 0, moves: [] });
  expect(pipeline.statuses).toHaveLength(12);
  expect(pipeline.statuses[0]).toMatchObject({ leads_now: 0, mean_stay_ms: null, conversion: null });
  expect((await ask('agents')).body.data).toEqual([]);
});

test('a stay counts on the UTC day on which it ended, whole days from midnight to midnight', async () => {
  const tenant = await createTenant(app.database);
  const { admin } = app.database;
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const lead = await insertLead(app.database, owner);
  for (const at of [
    '2026-03-01T23:59:59.999Z',
    '2026-03-02T00:00:00Z',
    '2026-03-02T23:59:59.999999Z',
    '2026-03-03T00:00:00Z',
  ]) {
    await admin`insert into lead_stays (tenant_id, id, lead_id, status, moved_to, left_at, stayed_ms, created_by)
      values (${tenant.id}, gen_random_uuid(), ${lead}, 'new', 'scanning', ${at}::text::timestamptz, 10, ${owner.createdBy})`;
  }
  const path = '/v1/analytics/pipeline?from=2026-03-02&to=2026-03-02';
  const { body } = await app.request('GET', path, { headers: tenant.keys.owner.headers });
  expect(body.moves).toEqual([{ from: 'new', to: 'scanning', moves: 2, share: 1 }]);
});

test.each([
  ['from=2026-02-01&to=2026-01-01', 'from', /ends before it begins/],
  ['from=2025-01-01&to=2026-01-02', 'from', /366 days/],
  ['from=2026-02-30', 'from', /date/i],
  ['from=0000-01-01&to=0000-01-02', 'from', /years/],
  ['to=yesterday', 'to', /date/i],
])('a range that is none is refused: %s', async (query, field, sentence) => {
  const { keys } = await createTenant(app.database);
  for (const path of ['usage', 'pipeline', 'agents']) {
    const answer = await app.request('GET', `/v1/analytics/${path}?${query}`, {
      headers: keys.owner.headers,
    });
    expect([answer.status, answer.body.details.field]).toEqual([422, field]);
    expect(answer.text).toMatch(sentence);
  }
});
