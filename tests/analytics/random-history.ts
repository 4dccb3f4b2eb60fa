import { createSpender, type Spending } from '../../src/control/spend/spender.ts';
import { sweepReservations } from '../../src/control/spend/sweep-reservations.ts';
import { systemScope, type TenantScope } from '../../src/kernel/actor.ts';
import { deleteLead, updateLead } from '../../src/leads/leads/change-lead.ts';
import { changeLead, findLead, insertLead } from '../../src/leads/leads/repository.ts';
import { canMove, LEAD_STATUSES, roomOf } from '../../src/leads/leads/rules.ts';
import { recordModelCall } from '../../src/models/calls/repository.ts';
import type { Tx } from '../../src/runtime/database/database.ts';
import { newId } from '../../src/runtime/ids.ts';
import { changeAudit } from '../../src/triage/audits/repository.ts';
import { loadPlaybooks } from '../../src/triage/playbooks/load.ts';
import { beginTriage } from '../../src/triage/triage-room/begin-triage.ts';
import { addCost, chargeAudit } from '../../src/triage/triage-room/paid-scan.ts';
import { finishTriage, holdTriage } from '../../src/triage/triage-room/settle-triage.ts';
import type { TriageRoomInput } from '../../workflows/triage/triage-room/messages.ts';
import type { TestDatabase } from '../support/database.ts';
import { TEST_CAPS, testRequests } from '../support/requests.ts';
import type { TestTenant } from '../support/tenant.ts';

const DAY_MS = 86_400_000;
const PLAYBOOKS = loadPlaybooks();
const NO_CAPS = {
  userMicroUsd: TEST_CAPS.userMicroUsd * 1_000,
  tenantMicroUsd: TEST_CAPS.tenantMicroUsd * 1_000,
  globalMicroUsd: TEST_CAPS.globalMicroUsd * 1_000,
};

type Triage = { input: TriageRoomInput; begunAt: Date; ended: boolean };
type World = {
  database: TestDatabase;
  tenant: TestTenant;
  dice: Dice;
  leads: string[];
  triages: Triage[];
};
type Dice = ReturnType<typeof createDice>;

/** Changes by the product's own verbs and repositories, the same ones for the same seed. */
export async function playHistory(
  database: TestDatabase,
  tenant: TestTenant,
  { seed, steps }: { seed: number; steps: number },
): Promise<void> {
  const world: World = { database, tenant, dice: createDice(seed), leads: [], triages: [] };
  for (let step = 0; step < steps; step += 1) await world.dice.pick(CHANGES)(world);
  const later = new Date(Date.now() + DAY_MS);
  await sweepReservations({ db: database.db, clock: { now: () => later }, charge: chargeAudit });
}

/** Drawn from with equal chance, so what shall happen often stands in it often. */
const CHANGES = [
  create,
  create,
  create,
  beginOne,
  beginOne,
  beginOne,
  spend,
  spend,
  spend,
  askModel,
  end,
  end,
  end,
  moveOn,
  moveOn,
  assign,
  remove,
];

async function create({ database, tenant, dice, leads }: World): Promise<void> {
  const { scope } = dice.pick([tenant.keys.owner, tenant.members.editor, tenant.members.operator]);
  const id = newId();
  const createdAt = ago(dice);
  const domain = `${id}.example`;
  await database.db.withTenant(scope, (tx) =>
    insertLead(tx, {
      tenantId: tenant.id,
      id,
      url: `https://${domain}/`,
      domain,
      source: 'api',
      createdBy: scope.actor.id,
      createdAt,
      statusChangedAt: createdAt,
    }),
  );
  leads.push(id);
}

/** Of a lead, or of a bare URL. */
async function beginOne(world: World): Promise<void> {
  const { tenant, dice, triages } = world;
  const { scope } = dice.pick([tenant.keys.owner, tenant.members.operator]);
  const leadId = dice.below(6) === 0 ? null : pickLead(world);
  const run = await inTenant(world, scope, async (tx) => {
    const ctx = { tx, scope, requestId: null, address: null };
    if (leadId === null) return testRequests.requestAudit(ctx, { url: 'https://bare.example/' });
    const lead = await findLead(tx, tenant.id, leadId);
    if (!lead || !canMove(lead.status, 'scanning')) return null;
    const requested = await testRequests.requestTriage(ctx, { leadId });
    return requested.created ? requested.run : null;
  });
  if (!run) return;
  const input = run.input as TriageRoomInput;
  const begunAt = ago(dice);
  const claimedBy = { temporalRunId: run.id, firstTemporalRunId: run.id };
  await inTenant(world, systemOf(input), (tx) =>
    beginTriage({ tx, now: begunAt, playbooks: PLAYBOOKS, claimedBy }, input),
  );
  triages.push({ input, begunAt, ended: false });
}

/** Settled as measured, as reserved, or left for the sweep; for an audit or, now and then, for none. */
async function spend(world: World): Promise<void> {
  const { database, dice, triages, tenant } = world;
  if (triages.length === 0) return;
  const { input } = dice.pick(triages);
  const now = ago(dice);
  const spender = createSpender({ db: database.db, clock: { now: () => now }, caps: NO_CAPS });
  const orphan = dice.below(10) === 0;
  const what: Spending = {
    scope: orphan ? systemScope(tenant.id, tenant.keys.owner.id) : systemOf(input),
    key: newId(),
    kind: dice.pick(['scan', 'scan', 'model_call']),
    auditId: orphan ? null : input.audit_id,
    leadId: orphan ? null : input.lead_id,
  };
  await spender.reserve(what, dice.below(5_000));
  if (dice.below(5) === 0) return;
  await spender.settle(what, dice.below(5) === 0 ? 'reserved' : dice.below(7_000), (tx, microUsd) =>
    orphan ? Promise.resolve() : addCost(tx, input, { cpuMs: 1, microUsd }),
  );
}

async function askModel(world: World): Promise<void> {
  const { dice, triages } = world;
  if (triages.length === 0) return;
  const { input } = dice.pick(triages);
  const offline = dice.below(3) === 0;
  const usage = offline
    ? { inputTokens: 0, outputTokens: 0 }
    : { inputTokens: 1 + dice.below(3_000), outputTokens: dice.below(400) };
  const about = { tenantId: input.tenant, leadId: input.lead_id, createdBy: input.principal_id };
  const run = { output: {}, generatedBy: offline ? 'offline' : 'a-model', usage, costMicroUsd: 0 };
  await inTenant(world, systemOf(input), (tx) =>
    recordModelCall(
      tx,
      { ...about, agentRunId: input.audit_id, skill: 'a-skill', activity: newId() },
      { ...run, durationMs: 5, request: {}, modelError: null },
    ),
  );
}

/** Decided or held; now and then again, as after an operator's reset. */
async function end(world: World): Promise<void> {
  const { dice, triages } = world;
  const open = triages.filter(({ ended }) => !ended);
  const triage = dice.below(8) === 0 ? dice.pick(triages) : dice.pick(open);
  if (!triage) return;
  const { input, begunAt } = triage;
  const now = new Date(begunAt.getTime() + dice.below(90_000));
  await inTenant(world, systemOf(input), async (tx) => {
    if (input.lead_id && !(await mayEnd(tx, input))) return;
    if (dice.below(3) === 0) {
      const code = dice.pick(['cancelled', 'unreachable', 'run_lost'] as const);
      await holdTriage({ tx, now }, input, { code, message: 'No.' });
      return;
    }
    await changeAudit(tx, { tenant: input.tenant, id: input.audit_id }, { score: dice.below(101) });
    const decision = dice.pick(['qualified', 'disqualified'] as const);
    await finishTriage({ tx, now }, input, { decision, decidedBy: 'score', reason: null });
  });
  triage.ended = true;
}

/** A lead that has gone on to another room is out of reach of a reset. */
async function mayEnd(tx: Tx, input: TriageRoomInput): Promise<boolean> {
  const lead = await findLead(tx, input.tenant, input.lead_id!);
  return !lead || ['new', 'scanning', 'qualified', 'disqualified'].includes(lead.status);
}

/** The rooms after triage have no verbs yet: their legal moves are written as those will write them. */
async function moveOn(world: World): Promise<void> {
  const { tenant, dice } = world;
  const id = pickLead(world);
  if (!id) return;
  await inTenant(world, systemScope(tenant.id, tenant.keys.owner.id), async (tx) => {
    const lead = await findLead(tx, tenant.id, id);
    if (!lead || lead.status === 'scanning') return;
    const next = LEAD_STATUSES.filter((one) => one !== 'scanning' && canMove(lead.status, one));
    const to = dice.pick(next);
    if (to) await changeLead(tx, tenant.id, id, { status: to, currentRoom: roomOf(to) });
  });
}

async function assign(world: World): Promise<void> {
  const { tenant, dice } = world;
  const id = pickLead(world);
  if (!id) return;
  const { scope } = tenant.keys.owner;
  const to = dice.pick([tenant.members.editor.id, tenant.members.viewer.id, null]);
  await inTenant(world, scope, async (tx) => {
    if (!(await findLead(tx, tenant.id, id))) return;
    const ctx = { tx, scope, requestId: null, address: null, checkVersion: () => {} };
    await updateLead(ctx, { id, change: { assigned_to: to } });
  });
}

async function remove(world: World): Promise<void> {
  const { tenant, dice } = world;
  const id = pickLead(world);
  if (!id || dice.below(2) === 0) return;
  const { scope } = tenant.keys.owner;
  await inTenant(world, scope, async (tx) => {
    const lead = await findLead(tx, tenant.id, id);
    if (!lead || lead.status === 'scanning') return;
    await deleteLead({ tx, scope, requestId: null, address: null, checkVersion: () => {} }, { id });
  });
}

const pickLead = ({ dice, leads }: World): string | null => dice.pick(leads) ?? null;
const systemOf = (input: TriageRoomInput): TenantScope => systemScope(input.tenant, input.principal_id);
const inTenant = <T>({ database }: World, scope: TenantScope, fn: (tx: Tx) => Promise<T>): Promise<T> =>
  database.db.withTenant(scope, fn);

/** Some moment of the last five days. */
const ago = (dice: Dice): Date => new Date(Date.now() - dice.below(5 * DAY_MS));

/** Mulberry32: small, and the same on every machine. */
function createDice(seed: number) {
  let state = seed;
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
  return { below, pick: <T>(from: readonly T[]): T => from[below(Math.max(1, from.length))] as T };
}
