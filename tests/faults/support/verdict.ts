import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, vi } from 'vitest';
import { sweepReservations } from '../../../src/control/spend/sweep-reservations.ts';
import { sweepProfiles } from '../../../src/sites/browser/profile-folder.ts';
import { chargeAudit } from '../../../src/triage/triage-room/paid-scan.ts';
import type { Platform } from './platform.ts';
import { isAlive } from './processes.ts';
import type { Acknowledged } from './traffic.ts';

/** Resolves when nothing is open any more; says what is when that takes too long. */
export async function untilAllEnded({ database }: Platform, timeoutMs: number): Promise<void> {
  const { admin } = database;
  const open = () => admin<{ what: string; status: string; n: number }[]>`
    select kind as what, status, count(*)::int as n from runs where ended_at is null group by 1, 2
    union all
    select 'batch', status, count(*)::int from lead_batches where status in ('pending', 'processing') group by 2`;
  await vi
    .waitUntil(async () => (await open()).length === 0, { timeout: timeoutMs, interval: 500 })
    .catch(async () => expect([...(await open())]).toEqual([]));
}

/** Every lead has a result or a hold, and nothing beside it is still at work. */
export async function expectAllEnded({ database, client }: Platform): Promise<void> {
  const { admin } = database;
  expect([
    ...(await admin`select id, status, hold_code, awaiting from leads where awaiting is not null or
      not (status in ('qualified', 'disqualified') and hold_code is null or status = 'new' and hold_code is not null)`),
  ]).toEqual([]);
  expect(await idsOf(admin`select id from audits where status in ('running', 'awaiting')`)).toEqual([]);
  expect(await idsOf(admin`select id from agent_runs where status = 'running'`)).toEqual([]);
  expect(await idsOf(admin`select id from approvals where status = 'open'`)).toEqual([]);
  expect(await idsOf(admin`select id from run_steps where ended_at is null`)).toEqual([]);
  // The list of open workflows follows within a second or so.
  const query = `ExecutionStatus = "Running" AND AgosArea NOT IN ("journal", "control")`;
  const countOpen = async () => (await client.workflow.count(query)).count;
  await expect.poll(countOpen, { timeout: 20_000 }).toBe(0);
}

/** What was answered with 200, 201 or 202 is there, and has become true. */
export async function expectNothingLost({ database }: Platform, done: Acknowledged): Promise<void> {
  const { admin } = database;
  const leads = await admin`select l.id, l.domain as host, r.id as "runId" from leads l
    join runs r on r.tenant_id = l.tenant_id and r.id = l.current_run_id where l.source <> 'import'`;
  expect(sorted(leads)).toEqual(sorted(done.leads));
  for (const { id, lines } of done.batches) {
    const [batch] = await admin`select status,
      (select count(*)::int from batch_items i where i.batch_id = b.id and state not in ('pending', 'none')) as settled,
      (select count(distinct lead_id)::int from batch_items i where i.batch_id = b.id) as leads
      from lead_batches b where id = ${id}`;
    expect(batch).toEqual({ status: 'completed', settled: lines, leads: lines });
  }
  const cancelled = await admin`select id from runs where id = any(${done.cancelled})
    and cancel_requested_at is not null and status in ('cancelled', 'completed')`;
  expect(cancelled.length).toBe(done.cancelled.length);
  // One run for each request, one quota and one credit for each run.
  const [counted] = await admin`select
    (select count(*)::int from runs where kind = 'triage-room') as runs,
    (select sum(used)::int from quota_usage) as quota, (select sum(used)::int from credit_periods) as credits`;
  const expected = done.leads.length + done.batches.reduce((sum, { lines }) => sum + lines, 0);
  expect(counted).toEqual({ runs: expected, quota: expected, credits: expected });
}

/** The ledger adds up, and each scan that was paid for is one that was begun, paid once. */
export async function expectPaidOnce(platform: Platform): Promise<void> {
  const { admin, db } = platform.database;
  const afterAll = new Date(Date.now() + 3_600_000);
  await sweepReservations({ db, clock: { now: () => afterAll }, charge: chargeAudit });
  expect(await idsOf(admin`select id from spend_entries where state = 'reserved'`)).toEqual([]);
  expect([
    ...(await admin`select key, count(*)::int from spend_entries where state = 'settled' group by key having count(*) > 1`),
  ]).toEqual([]);
  const [sums] = await admin`select (select sum(spent_micro_usd)::int from spend_days) as days,
    (select sum(spent_micro_usd)::int from spend_months) as months,
    (select sum(spent_micro_usd)::int from spend_entries) as entries`;
  expect([sums!.days, sums!.months]).toEqual([sums!.entries, sums!.entries]);
  expect([
    ...(await admin`select a.id, a.cost_micro_usd, r.cost_micro_usd as of_run, sum(e.spent_micro_usd) as paid
      from audits a join agent_runs r on r.id = a.id
      left join spend_entries e on e.audit_id = a.id and e.state = 'settled'
      group by a.id, a.cost_micro_usd, r.cost_micro_usd, a.tenant_id
      having a.cost_micro_usd <> coalesce(sum(e.spent_micro_usd), 0) or r.cost_micro_usd <> a.cost_micro_usd`),
  ]).toEqual([]);
  const begun = Map.groupBy(platform.scansBegun(), ({ host }) => host);
  const paid = await admin<{ host: string; paid: string[]; scored: boolean }[]>`
    select l.domain as host, bool_or(a.score is not null) as scored,
      coalesce(array_agg(e.key) filter (where e.state = 'settled'), '{}') as paid
    from leads l join audits a on a.lead_id = l.id left join spend_entries e on e.audit_id = a.id and e.kind = 'scan'
    group by l.domain`;
  for (const { host, paid: attempts, scored } of paid) {
    const scans = begun.get(host)?.map(({ attempt }) => attempt);
    if (scans === undefined) continue; // A page that is really there.
    expect.soft(new Set(scans).size, `${host}: one attempt scanned twice`).toBe(scans.length);
    const unscanned = attempts.filter((one) => !scans.includes(one));
    expect.soft(unscanned, `${host} was paid for what was not scanned`).toEqual([]);
    if (scored) expect.soft(attempts.length, `${host} was scanned for nothing`).toBeGreaterThanOrEqual(4);
  }
}

/** Of a step one attempt is at work at a time: the one before has ended, or was given up. */
export async function expectOneAttemptAtATime({ database: { admin } }: Platform): Promise<void> {
  expect([
    ...(await admin`select a.run_id, a.step from run_steps a join run_steps b
      on b.run_id = a.run_id and b.step = a.step and b.id <> a.id
      where b.started_at >= a.started_at and b.started_at < a.ended_at`),
  ]).toEqual([]);
}

/** Each approval has one decision, one audit row and one event, and whoever was answered heard that one. */
export async function expectDecidedOnce(
  { database: { admin } }: Platform,
  done: Acknowledged,
): Promise<void> {
  const decided = await admin<{ lead: string; outcome: string; rows: number; events: number }[]>`
    select a.lead_id as lead, a.outcome,
      (select count(*)::int from audit_log l where l.action = 'triage.decided'
        and l.details->>'approval_id' = a.id::text) as rows,
      (select count(*)::int from events e where e.type = 'approval.decided' and e.approval_id = a.id) as events
    from approvals a where a.status = 'decided'`;
  for (const one of decided) expect.soft(one).toMatchObject({ rows: 1, events: 1 });
  for (const { leadId, outcome } of done.decisions) {
    expect.soft(decided.filter(({ lead }) => lead === leadId)).toMatchObject([{ outcome }]);
  }
}

/** The log has every number once, and who followed it over all restarts saw each, in order. */
export async function expectEventsWhole({ database: { admin } }: Platform, seen: number[]): Promise<void> {
  const [log] = await admin`select count(*)::int as n, max(seq)::int as last from events`;
  expect(log!.n).toBe(log!.last);
  const all = Array.from({ length: log!.last as number }, (_, index) => index + 1);
  await expect.poll(() => seen.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(all.length);
  expect(seen).toEqual(all);
}

/** No process of ours outlives its parent's end, and no browser's folder the next start of a browser. */
export async function expectNothingLeft({ ended }: Platform): Promise<void> {
  await expect.poll(() => [...ended].filter(isAlive), { timeout: 10_000 }).toEqual([]);
  await sweepProfiles(tmpdir());
  const ofOurs = (name: string) => ended.has(Number(/^agos-browser-(\d+)-/.exec(name)?.[1]));
  expect((await readdir(tmpdir())).filter(ofOurs)).toEqual([]);
}

const sorted = <T extends object>(rows: readonly T[]): T[] =>
  rows.map((row) => ({ ...row })).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

async function idsOf(rows: PromiseLike<readonly { id?: string }[]>): Promise<string[]> {
  return (await rows).map(({ id }) => id ?? '');
}
