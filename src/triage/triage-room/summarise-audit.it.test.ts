import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/support/database.ts';
import { TEST_CAPS } from '../../../tests/support/requests.ts';
import { insertAudit, insertRun } from '../../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../../tests/support/tenant.ts';
import { insertAgentRun } from '../../agents/agent-runs/repository.ts';
import { seedAgents, seedPlaybooks } from '../../cli/seed-registry.ts';
import { createStepGate, type StepGate } from '../../control/kill-switch/step-gate.ts';
import { createStopFile } from '../../control/kill-switch/stop-file.ts';
import type { SpendCaps } from '../../control/spend/rules.ts';
import { createSpender } from '../../control/spend/spender.ts';
import { sweepReservations } from '../../control/spend/sweep-reservations.ts';
import { AgosError } from '../../kernel/errors.ts';
import { LIST_PRICES } from '../../models/calls/prices.ts';
import { ModelCallError, type ModelProvider, type ModelRequest } from '../../models/calls/provider.ts';
import { systemClock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import { loadPlaybooks } from '../playbooks/load.ts';
import { summarySkill } from '../summary/skill.ts';
import { TRIAGE_AGENT } from './agent.ts';
import { chargeAudit } from './paid-scan.ts';
import { summariseAudit } from './summarise-audit.ts';

const FACTS = join(import.meta.dirname, '../../../tests/support/facts/hartleys-plumbing.json');
const AGENT = {
  ...TRIAGE_AGENT,
  version: '0.0.1',
  systemPrompt: 'You are Ada.',
  timeoutSeconds: 7,
  retryAttempts: 2,
};

let database: TestDatabase;
let tenant: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenant = await createTenant(database);
  await seedPlaybooks(database.admin, loadPlaybooks());
  await seedAgents(database.admin, [TRIAGE_AGENT, AGENT]);
});
afterAll(() => database.close());

/** An audit that was begun with `AGENT`, and how its summary is asked for. */
async function scoredAudit(provider: ModelProvider, caps: SpendCaps = TEST_CAPS) {
  const { admin, db } = database;
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const audit = await insertAudit(database, owner);
  const run = await insertRun(database, owner);
  await admin`update audits set facts = ${admin.json(JSON.parse(readFileSync(FACTS, 'utf8')))}, score = 80,
    decision = 'qualified', status = 'running', agent_version = ${AGENT.version},
    playbook_version = (select version from playbooks where slug = 'triage-standard') where id = ${audit}`;
  const models = { fast: 'claude-haiku-5-5', balanced: 'b', strategic: 's' };
  const ids = { run_id: run, principal_id: tenant.keys.owner.id, lead_id: null, audit_id: audit };
  const deps = {
    db,
    spend: createSpender({ db, clock: systemClock, caps }),
    skills: { provider, models, prices: LIST_PRICES, clock: systemClock },
    gate: createStepGate({ db, stopFile: createStopFile('/nowhere'), worker: 'test' }),
  };
  const { signal } = new AbortController();
  return {
    audit,
    ask: (attempt: number, activity = audit, changed: Partial<typeof deps> = {}) =>
      summariseAudit(
        { ...deps, ...changed },
        { version: 1, tenant: tenant.id, ...ids },
        { signal, attempt, activity, key: `${activity}/${attempt}` },
      ),
    read: async () => {
      const [row] = await admin`select summary, cost_micro_usd from audits where id = ${audit}`;
      const entries = await admin`select kind, state, reserved_micro_usd, spent_micro_usd from spend_entries
        where audit_id = ${audit} order by created_at`;
      const calls =
        await admin`select generated_by, cost_micro_usd from model_calls where agent_run_id = ${audit}`;
      return { row: row!, entries: [...entries], calls: [...calls] };
    },
  };
}

/** Asks a model that is busy. */
async function summarise(attempt: number, caps: SpendCaps = TEST_CAPS) {
  const requests: ModelRequest<unknown>[] = [];
  const busy = async (request: ModelRequest<unknown>) => {
    requests.push(request);
    throw new ModelCallError('Busy.', { passing: true });
  };
  const { ask, read } = await scoredAudit({ call: busy }, caps);
  const ended = await ask(attempt).then(
    () => 'offline',
    () => 'tried again',
  );
  return { ended, request: requests[0]!, asked: requests.length, ...(await read()) };
}

/** A model that answers, and counts how often it was asked. */
function answering() {
  const model = {
    asked: 0,
    call: async <Output>({ schema }: ModelRequest<Output>) => {
      model.asked += 1;
      const text = `Answer ${model.asked}: this website is slow and old, which costs the business customers.`;
      return { output: schema.parse({ text }), usage: { inputTokens: 1_000, outputTokens: 100 } };
    },
  };
  return model;
}

// sabotage: src/triage/triage-room/summarise-audit.ts :: if (await hasModelCall(tx, input.tenant, call.activity)) return null; =>
test('an answer that was stored, by an attempt that was lost after it, is neither asked nor paid for again', async () => {
  const model = answering();
  const { ask, read } = await scoredAudit(model);
  await ask(1);
  const first = await read();
  expect(first.row.summary.text).toMatch(/^Answer 1: /);
  await ask(2);
  expect(model.asked).toBe(1);
  expect(await read()).toEqual(first);
  expect(first.entries).toMatchObject([{ state: 'settled' }]);
  expect(first.calls).toMatchObject([{ cost_micro_usd: first.row.cost_micro_usd }]);
});

// sabotage: src/triage/triage-room/summarise-audit.ts :: if (answer) await storeSummary(tx, input, call, answer as SummaryRun); =>
test('an answer is stored with what it cost: a database that goes away after it has no second one asked for', async () => {
  const model = answering();
  const { ask, read } = await scoredAudit(model);
  const gate: StepGate = {
    run: async (_step, { signal, work }) => {
      await work(signal);
      throw new AgosError('database_unavailable', 'Gone.');
    },
  };
  await expect(ask(1, undefined, { gate })).rejects.toMatchObject({ code: 'database_unavailable' });
  await ask(2);
  expect(model.asked).toBe(1);
  const { row, entries, calls } = await read();
  expect(row.summary.text).toMatch(/^Answer 1: /);
  expect(entries).toMatchObject([{ state: 'settled' }]);
  expect(calls).toHaveLength(1);
});

// sabotage: src/triage/triage-room/summarise-audit.ts :: if (audit?.status !== 'running') return; =>
test('an attempt that slept until its audit had ended changes nothing that people see, and what it cost counts', async () => {
  const model = answering();
  const { audit, ask, read } = await scoredAudit(model);
  await ask(1);
  const before = await read();
  await database.admin`update audits set status = 'completed' where id = ${audit}`;
  await ask(1, newId());
  const { row, calls } = await read();
  expect(row.summary).toEqual(before.row.summary);
  expect(calls).toHaveLength(2);
  expect(Number(row.cost_micro_usd)).toBe(2 * Number(before.row.cost_micro_usd));
});

// sabotage: src/triage/triage-room/summarise-audit.ts :: call.attempt < agent.retryAttempts; => call.attempt < 3;
test("the model is asked as the agent's version says: with its prompt, for its time, as often", async () => {
  const first = await summarise(1);
  expect(first.ended).toBe('tried again');
  expect(first.request.prompt.system).toMatch(/^You are Ada\.\n\nYou write for an agency/);
  expect(first.request.timeoutMs).toBe(7_000);
  expect((await summarise(2)).ended).toBe('offline');
});

test('a call over the budget is refused before it is made: the offline method answers and says why', async () => {
  const { ended, asked, row, entries } = await summarise(1, { ...TEST_CAPS, tenantMicroUsd: 10 });
  expect([ended, asked]).toEqual(['offline', 0]);
  expect(row.summary).toMatchObject({ generated_by: 'offline', text: expect.any(String) });
  expect(row.summary.instead_of_model).toMatch(
    /^The budget of 0\.00001 USD .* there is room again from .* 00:00 UTC on\.$/,
  );
  expect(entries).toEqual([]);
  expect(Number(row.cost_micro_usd)).toBe(0);
});

// sabotage: src/control/spend/sweep-reservations.ts :: if (microUsd) await deps.charge(tx, entry, microUsd); =>
test('a call that its worker never settled is charged by the sweep, to the audit and the agent run as well', async () => {
  const { admin, db } = database;
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const audit = await insertAudit(database, owner);
  const [run, now] = [await insertRun(database, owner), new Date()];
  const ids = { tenantId: tenant.id, runId: run, leadId: null, createdBy: owner.createdBy, auditId: audit };
  const about = { agentSlug: 'triage', agentVersion: AGENT.version, playbookSlug: 'p', playbookVersion: '1' };
  await db.withTenant(tenant.scope, (tx) =>
    insertAgentRun(tx, {
      ...ids,
      ...about,
      id: audit,
      room: 'triage',
      trigger: 'api',
      input: {},
      startedAt: now,
    }),
  );
  const spender = createSpender({ db, clock: systemClock, caps: TEST_CAPS });
  const call = { scope: tenant.scope, key: audit, kind: 'model_call', auditId: audit, leadId: null } as const;
  await spender.reserve(call, 100);
  const later = { now: () => new Date(now.getTime() + 3_600_000) };
  await sweepReservations({ db, clock: later, charge: chargeAudit });
  const [costs] = await admin`select a.cost_micro_usd::int as audit, r.cost_micro_usd::int as run
    from audits a join agent_runs r on r.id = a.id where a.id = ${audit}`;
  expect(costs).toEqual({ audit: 100, run: 100 });
});

test('the registry tells the skill of the agent and the tier that it runs at', () => {
  expect(TRIAGE_AGENT.skills).toEqual([summarySkill.name]);
  expect(TRIAGE_AGENT.modelTier).toBe(summarySkill.tier);
});
