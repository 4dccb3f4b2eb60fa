import type { EventRow } from '../../src/control/events/repository.ts';
import { LEAD_STATUSES, roomOf } from '../../src/leads/leads/rules.ts';

/** What analytics says, computed from nothing but the events, in another way than the product's SQL. */
export type Days = { from: string; to: string };

type Data = Record<string, never>;
type Run = { agent: string; version: string; room: string; day: string; status: string; ms: number };
type Move = { lead: string; from: string; to: string; day: string; ms: number };
type Lead = { day: string; status: string; deleted: boolean };

/** Everything that the events tell and analytics asks for. */
export function foldEvents(events: readonly EventRow[]) {
  const leads = new Map<string, Lead>();
  const moves: Move[] = [];
  const runs = new Map<string, Run>();
  const spent: { kind: string; microUsd: number; day: string; run: string | null }[] = [];
  const calls: { input: number; output: number; day: string; run: string | null }[] = [];
  for (const { type, leadId, auditId, data } of events as (EventRow & { data: Data })[]) {
    const lead = leads.get(leadId ?? '');
    const run = runs.get(data.agent_run ?? '');
    if (type === 'lead.created') leads.set(leadId!, { day: data.day!, status: 'new', deleted: false });
    else if (type === 'lead.deleted') lead!.deleted = true;
    else if (type === 'lead.status_changed') {
      moves.push({ lead: leadId!, from: data.from!, to: data.to!, day: data.day!, ms: data.stayed_ms! });
      lead!.status = data.to!;
    } else if (type === 'agent_run.started') {
      const { agent, version, room, day } = data as unknown as Run;
      runs.set(data.agent_run!, { agent, version, room, day, status: 'running', ms: 0 });
    } else if (type.startsWith('agent_run.')) {
      Object.assign(run!, { status: type.slice('agent_run.'.length), ms: data.duration_ms });
    } else if (type === 'spend.settled') {
      spent.push({ kind: data.kind!, microUsd: data.micro_usd!, day: data.day!, run: auditId });
    } else if (type === 'model_call.answered') {
      calls.push({
        input: data.input_tokens!,
        output: data.output_tokens!,
        day: data.day!,
        run: data.agent_run!,
      });
    }
  }
  const log = { leads, moves, runs, spent, calls };
  return {
    usage: (days: Days, by: 'day' | 'room' | 'agent') => usageOf(log, days, by),
    pipeline: (days: Days) => pipelineOf(log, days),
    agents: (days: Days) => agentsOf(log, days),
  };
}

type Log = {
  leads: Map<string, Lead>;
  moves: Move[];
  runs: Map<string, Run>;
  spent: { kind: string; microUsd: number; day: string; run: string | null }[];
  calls: { input: number; output: number; day: string; run: string | null }[];
};
const within =
  ({ from, to }: Days) =>
  ({ day }: { day: string }) =>
    from <= day && day <= to;

function usageOf(log: Log, days: Days, by: 'day' | 'room' | 'agent') {
  const groupOf = (one: { day: string; run: string | null }): string | null =>
    by === 'day' ? one.day : (log.runs.get(one.run ?? '')?.[by] ?? null);
  const spent = log.spent.filter(within(days));
  const calls = log.calls.filter(within(days));
  const figures = (wanted: (group: string | null) => boolean) => {
    const paid = spent.filter((one) => wanted(groupOf(one)));
    const said = calls.filter((one) => wanted(groupOf(one)));
    const scans = sum(paid.filter(({ kind }) => kind === 'scan').map(({ microUsd }) => microUsd));
    const models = sum(paid.filter(({ kind }) => kind === 'model_call').map(({ microUsd }) => microUsd));
    const input = sum(said.map((one) => one.input));
    const output = sum(said.map((one) => one.output));
    return {
      input_tokens: input,
      output_tokens: output,
      total_tokens: input + output,
      scans_micro_usd: scans,
      model_calls_micro_usd: models,
      cost_micro_usd: scans + models,
    };
  };
  const known = new Set([...spent, ...calls].map(groupOf));
  const named = [...known].filter((one) => one !== null).sort();
  const groups = by === 'day' ? everyDay(days) : known.has(null) ? [...named, null] : named;
  const data = groups.map((group) => ({ group, ...figures((one) => one === group) }));
  return { ...days, group_by: by, total: figures(() => true), data };
}

function pipelineOf({ leads, moves: all }: Log, days: Days) {
  const moves = all.filter(within(days));
  const cohort = new Set([...leads].filter(([, lead]) => within(days)(lead)).map(([id]) => id));
  const live = [...leads.values()].filter(({ deleted }) => !deleted);
  const statuses = LEAD_STATUSES.map((status) => {
    const stays = moves.filter(({ from }) => from === status).map(({ ms }) => ms);
    const came = all.filter(({ lead, to }) => to === status && cohort.has(lead));
    const reached = status === 'new' ? cohort.size : new Set(came.map(({ lead }) => lead)).size;
    return {
      status,
      room: roomOf(status),
      leads_now: live.filter((lead) => lead.status === status).length,
      entered: moves.filter(({ to }) => to === status).length + (status === 'new' ? cohort.size : 0),
      left: stays.length,
      mean_stay_ms: mean(stays),
      median_stay_ms: percentile(stays, 0.5),
      reached,
      conversion: ratio(reached, cohort.size),
    };
  });
  const pairs = LEAD_STATUSES.flatMap((from) => LEAD_STATUSES.map((to) => ({ from, to })));
  const counted = pairs.map(({ from, to }) => {
    const out = moves.filter((one) => one.from === from);
    const same = out.filter((one) => one.to === to);
    return { from, to, moves: same.length, share: ratio(same.length, out.length) };
  });
  return { ...days, created: cohort.size, statuses, moves: counted.filter(({ moves }) => moves > 0) };
}

function agentsOf({ runs, spent, calls }: Log, days: Days) {
  const begun = [...runs].filter(([, run]) => within(days)(run));
  const names = new Set(
    begun.map(([, { agent, version, room }]) => JSON.stringify({ agent, version, room })),
  );
  const data = [...names].sort().map((name) => {
    const own = begun.filter(
      ([, { agent, version, room }]) => JSON.stringify({ agent, version, room }) === name,
    );
    const ids = new Set(own.map(([id]) => id));
    const ended = (status: string) => own.filter(([, run]) => run.status === status).length;
    const times = own.filter(([, run]) => run.status === 'completed').map(([, { ms }]) => ms);
    const said = calls.filter(({ run }) => ids.has(run ?? ''));
    const cost = sum(spent.filter(({ run }) => ids.has(run ?? '')).map(({ microUsd }) => microUsd));
    return {
      ...JSON.parse(name),
      runs: own.length,
      running: ended('running'),
      completed: ended('completed'),
      failed: ended('failed'),
      cancelled: ended('cancelled'),
      success_rate: ratio(ended('completed'), ended('completed') + ended('failed')),
      mean_ms: mean(times),
      median_ms: percentile(times, 0.5),
      p95_ms: percentile(times, 0.95),
      input_tokens: sum(said.map(({ input }) => input)),
      output_tokens: sum(said.map(({ output }) => output)),
      cost_micro_usd: cost,
      mean_cost_micro_usd: own.length === 0 ? null : Math.round(cost / own.length),
    };
  });
  return { ...days, data };
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);
const mean = (numbers: number[]): number | null =>
  numbers.length === 0 ? null : Math.round(sum(numbers) / numbers.length);
const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;

/** The smallest of them that so large a part does not exceed. */
function percentile(numbers: number[], part: number): number | null {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? null;
}

function everyDay({ from, to }: Days): string[] {
  const days: string[] = [];
  for (let at = new Date(from); at <= new Date(to); at.setUTCDate(at.getUTCDate() + 1)) {
    days.push(at.toISOString().slice(0, 10));
  }
  return days;
}
