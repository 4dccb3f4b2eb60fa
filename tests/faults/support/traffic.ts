import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../../src/runtime/ids.ts';
import type { Answer, Caller } from './caller.ts';
import { STORED_SITES } from './fast-scanner.ts';
import type { FaultSites } from './sites.ts';

/** What the API has answered for: it may not be lost, whatever is killed afterwards. */
export type Acknowledged = {
  /** Leads with their host; `runId` of those whose triage was asked for. */
  leads: { id: string; host: string; runId: string }[];
  batches: { id: string; lines: number }[];
  cancelled: string[];
  /** Decisions that were answered with 200, by lead: of one lead all are the same. */
  decisions: { leadId: string; outcome: string }[];
};

export type Load = {
  /** Triages in all. */
  triages: number;
  /** How many of them open a page that is really there, in a real browser. */
  real: number;
  everyMs: number;
};

/** Asks for triages in every way there is, a fifth of them by an import; resolves once all is answered. */
export async function sendTraffic(caller: Caller, sites: FaultSites, load: Load): Promise<Acknowledged> {
  const done: Acknowledged = { leads: [], batches: [], cancelled: [], decisions: [] };
  const imported = Math.floor(load.triages / 5);
  const single = load.triages - imported;
  const asked: Promise<void>[] = [];
  const send = (one: Promise<void>): void => {
    asked.push(one);
    // All are waited for at the end: until then a failed one is nobody's.
    one.catch(() => undefined);
  };
  for (let at = 0; at < single; at += 1) {
    send(at < load.real ? askReal(caller, sites, done) : WAYS[at % WAYS.length]!(caller, done));
    if (at === Math.floor(single / 3)) send(askImport(caller, done, imported));
    await sleep(load.everyMs);
  }
  await Promise.all(asked);
  return done;
}

type Way = (caller: Caller, done: Acknowledged) => Promise<void>;

/** With its triage in one request, and asked again with the same key: the answer is the same. */
const askAtOnce: Way = async (caller, done) => {
  const key = newId();
  const json = { url: `https://${hostOf(STORED_SITES.good)}/`, triage: true };
  const first = expectStatus(await caller.ask('POST', '/v1/leads', { json, key }), 201);
  keepLead(done, first);
  const again = expectStatus(await caller.ask('POST', '/v1/leads', { json, key }), 201);
  if (again.lead.id !== first.lead.id || again.run.id !== first.run.id) {
    throw new Error(`the key ${key} was answered with two leads or runs`);
  }
};

/** First the lead, then its triage, twice at once: the answers are one run. */
const askLater: Way = async (caller, done) => {
  const json = { url: `http://${hostOf(STORED_SITES.old)}/` };
  const { lead } = expectStatus(await caller.ask('POST', '/v1/leads', { json, key: newId() }), 201);
  const path = `/v1/leads/${lead.id}/triage`;
  const keys = [newId(), newId()];
  const [run] = await Promise.all(
    keys.map(async (key) => expectStatus(await caller.ask('POST', path, { key }), 202)),
  );
  done.leads.push({ id: lead.id, host: new URL(lead.url).host, runId: run.id });
};

/** Cancelled as soon as it is asked for; who comes too late is told so. */
const askAndCancel: Way = async (caller, done) => {
  const json = { url: `https://${hostOf(STORED_SITES.good)}/`, triage: true };
  const made = expectStatus(await caller.ask('POST', '/v1/leads', { json, key: newId() }), 201);
  keepLead(done, made);
  const answer = await caller.ask('POST', `/v1/runs/${made.run.id}/cancel`, { json: {} });
  if (answer.status === 409 && answer.body.error === 'run_ended') return;
  // 200: no workflow had begun it, so it ended with the request.
  if (answer.status !== 200) expectStatus(answer, 202);
  done.cancelled.push(made.run.id);
};

/** Its score waits for a person, and three decide at once. */
const askAndDecide: Way = async (caller, done) => {
  const json = { url: `https://${hostOf(STORED_SITES.close)}/`, industry: 'plumbing', triage: true };
  const { lead } = keepLead(
    done,
    expectStatus(await caller.ask('POST', '/v1/leads', { json, key: newId() }), 201),
  );
  if (!(await untilAwaiting(caller, lead.id))) return;
  const decide = async (outcome: string): Promise<void> => {
    const answer = await caller.ask('POST', `/v1/leads/${lead.id}/decision`, { json: { outcome } });
    if (answer.status === 200) done.decisions.push({ leadId: lead.id, outcome: answer.body.outcome });
    else if (!TOO_LATE.includes(answer.body.error)) throw unexpected(answer);
  };
  await Promise.all(['qualified', 'disqualified', 'qualified'].map(decide));
};

const TOO_LATE = ['already_decided', 'not_awaiting', 'run_ended'];
const WAYS: readonly Way[] = [
  askAtOnce,
  askAtOnce,
  askLater,
  askAndDecide,
  askAtOnce,
  askLater,
  askAndCancel,
];

/** False when the lead's scan ended otherwise: it was held. */
async function untilAwaiting(caller: Caller, leadId: string): Promise<boolean> {
  for (;;) {
    const { body: lead } = await caller.ask('GET', `/v1/leads/${leadId}`);
    if (lead.awaiting) return true;
    if (lead.hold || ['qualified', 'disqualified'].includes(lead.status)) return false;
    await sleep(2_000);
  }
}

async function askReal(caller: Caller, sites: FaultSites, done: Acknowledged): Promise<void> {
  const json = { url: sites.add().url, triage: true };
  keepLead(done, expectStatus(await caller.ask('POST', '/v1/leads', { json, key: newId() }), 201));
}

async function askImport(caller: Caller, done: Acknowledged, lines: number): Promise<void> {
  const rows = Array.from({ length: lines }, () => `https://${hostOf(STORED_SITES.good)}/`);
  const csv = ['website', ...rows].join('\n');
  const answer = await caller.ask('POST', '/v1/batches?name=leads.csv', { csv, key: newId() });
  done.batches.push({ id: expectStatus(answer, 202).batch.id, lines });
}

function keepLead(done: Acknowledged, made: Answer['body']): Answer['body'] {
  done.leads.push({ id: made.lead.id, host: new URL(made.lead.url).host, runId: made.run.id });
  return made;
}

function expectStatus(answer: Answer, status: number): Answer['body'] {
  if (answer.status !== status) throw unexpected(answer);
  return answer.body;
}

const unexpected = ({ status, body }: Answer) => new Error(`unexpected: ${status} ${JSON.stringify(body)}`);
const hostOf = (prefix: string) => `${prefix}${newId().slice(-12)}.example`;
