import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decideApproval } from '../../../src/control/approvals/repository.ts';
import { repetitions } from '../../../tests/support/seeds.ts';
import { gate } from '../../../tests/support/stored-scanner.ts';
import {
  type Lead,
  startTriageRoom,
  type TriageRoom,
  WAITS_LONG,
  WAITS_SHORT,
  WAITS_TIMEOUTS_MS,
} from '../../../tests/support/triage-room.ts';
import { DECIDE_SIGNAL, DECIDE_UPDATE } from './messages.ts';

/** Rounds of racing decisions, some beside the expiry. */
const ROUNDS = repetitions(6);
const ROUNDS_AT_ONCE = 6;

let room: TriageRoom;
beforeAll(async () => {
  room = await startTriageRoom();
});
afterAll(() => room?.close());

const awaiting = async (industry = WAITS_LONG): Promise<Lead> => {
  const lead = await room.lead('hartleys-plumbing', { industry, inBatch: true });
  await room.triage(lead);
  await room.untilAwaiting(lead);
  return lead;
};
const decideOverHttp = (lead: Lead, json: unknown, role: 'operator' | 'editor' = 'operator') =>
  room.app.request('POST', `/v1/leads/${lead.id}/decision`, {
    headers: room.tenant.keys[role].headers,
    json,
  });
const auditRowsOf = (lead: Lead) =>
  room.app.database.admin`select actor_kind, actor_id, action, details, request_id, address from audit_log
    where resource_id = ${lead.id} and action like 'triage.deci%'`;

describe('a score that waits for a person', () => {
  test('shows so, and the lead stays scanning with the score', async () => {
    const lead = await awaiting();
    const { lead: row, audit, approval, run, item, report } = await room.state(lead);
    expect(row).toMatchObject({ status: 'scanning', score: audit?.score, hold_code: null });
    expect(row.awaiting).toMatchObject({ decision: 'triage_score', approval_id: approval?.id });
    expect(audit).toMatchObject({ status: 'awaiting', decision: 'qualified', decided_by: null });
    expect(audit?.duration_ms).toBeGreaterThan(0);
    expect(approval).toMatchObject({ status: 'open', default_outcome: 'qualified', decided_by: null });
    expect(approval).toMatchObject({
      policy_version: expect.stringMatching(`^${WAITS_LONG}@`),
      workflow_id: lead.workflowId,
    });
    expect(approval?.arguments).toMatchObject({ audit_id: audit?.id, score: Number(audit?.score) });
    expect(run).toMatchObject({ status: 'running', ended_at: null });
    expect(item).toMatchObject({ state: 'pending' });
    await expect
      .poll(async () => (await room.state(lead)).report, { timeout: 10_000 })
      .toContain('<!doctype');
    expect(report === null || report.includes('<!doctype')).toBe(true);
    expect(room.scanner.timeoutsOf(lead.host)).toEqual(WAITS_TIMEOUTS_MS);
    const { headers } = room.tenant.keys.operator;
    const progress = await room.app.request('GET', `/v1/leads/${lead.id}/progress`, { headers });
    expect(progress.body).toMatchObject({
      step: 'awaiting',
      score: Number(audit?.score),
      hold_code: null,
      awaiting_until: (row.awaiting as { until: string }).until,
      steps_done: ['queued', 'fetching', 'inspecting', 'measuring', 'scoring', 'summarising', 'reporting'],
    });
    const { searchAttributes } = await room.handle(lead).describe();
    expect(searchAttributes.AgosStatus).toEqual(['awaiting']);
    await room.handle(lead).terminate();
  });

  test('is decided over HTTP: the ticket names who decided', async () => {
    const lead = await awaiting();
    const answer = await decideOverHttp(lead, { outcome: 'disqualified', reason: 'They closed last week.' });
    expect(answer.status).toBe(200);
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'disqualified' });
    const { lead: row, audit, approval, run, agentRun, item, report } = await room.state(lead);
    const actor = room.tenant.keys.operator.id;
    expect(answer.body).toEqual({
      outcome: 'disqualified',
      approval_id: approval?.id,
      decided_at: (approval!.decided_at as Date).toISOString(),
    });
    expect(approval).toMatchObject({
      status: 'decided',
      outcome: 'disqualified',
      decided_via: 'ticket',
      decided_by: actor,
      reason: 'They closed last week.',
    });
    expect(row).toMatchObject({ status: 'disqualified', awaiting: null, hold_code: null });
    expect(audit).toMatchObject({ status: 'completed', decision: 'disqualified', decided_by: 'person' });
    expect(run).toMatchObject({ status: 'completed', end_code: null });
    expect(agentRun).toMatchObject({ status: 'completed' });
    expect(item).toMatchObject({ state: 'disqualified' });
    expect(report).toContain('Decided by a person: not qualified. They closed last week.');
    const reasons = row.reasons as string[];
    expect(reasons.slice(0, 2)).toEqual([
      'Decided by a person: not qualified. They closed last week.',
      expect.stringMatching(/^The score of /),
    ]);
    expect(audit?.reasons).toEqual(reasons);
    expect(await auditRowsOf(lead)).toMatchObject([{ actor_id: actor, action: 'triage.decided' }]);
    const repeated = await decideOverHttp(lead, {
      outcome: 'disqualified',
      reason: 'They closed last week.',
    });
    expect([repeated.status, repeated.body]).toEqual([200, answer.body]);
    const another = { headers: room.tenant.keys.owner.headers, json: { outcome: 'disqualified' } };
    const late = await room.app.request('POST', `/v1/leads/${lead.id}/decision`, another);
    expect([late.status, late.body.error]).toEqual([409, 'not_awaiting']);
    const again = await decideOverHttp(lead, { outcome: 'qualified' });
    expect([again.status, again.body.error]).toEqual([409, 'not_awaiting']);
  });

  // sabotage: src/triage/triage-room/record-decision.ts :: ...(holder && { actor: { kind: holder.actorKind, id: holder.actorId } }), =>
  test('is decided over HTTP: the audit row says who, by which request, from which address', async () => {
    const lead = await awaiting();
    const headers = {
      ...room.tenant.keys.operator.headers,
      'content-type': 'application/json',
      'x-request-id': 'decide-1',
    };
    const init = { method: 'POST', headers, body: JSON.stringify({ outcome: 'qualified' }) };
    const from = { incoming: { socket: { remoteAddress: '192.0.2.7' } } };
    const answer = await room.app.app.request(`/v1/leads/${lead.id}/decision`, init, from);
    expect(answer.status).toBe(200);
    expect(await auditRowsOf(lead)).toMatchObject([
      {
        actor_kind: 'key',
        actor_id: room.tenant.keys.operator.id,
        request_id: 'decide-1',
        address: '192.0.2.7',
      },
    ]);
  });

  test('is not decided by a role that may not', async () => {
    const lead = await awaiting();
    const answer = await decideOverHttp(lead, { outcome: 'qualified' }, 'editor');
    expect([answer.status, answer.body.error]).toEqual([403, 'permission_denied']);
    expect((await room.state(lead)).approval).toMatchObject({ status: 'open' });
    await room.handle(lead).terminate();
  });

  test.each(['update', 'signal'] as const)(
    "is decided by a plain client's %s: recorded as an unauthenticated operator's",
    async (door) => {
      const lead = await awaiting();
      const handle = room.handle(lead);
      if (door === 'update')
        await handle.executeUpdate(DECIDE_UPDATE, { args: [{ outcome: 'disqualified' }] });
      else await handle.signal(DECIDE_SIGNAL, { outcome: 'disqualified' });
      await expect(handle.result()).resolves.toMatchObject({ status: 'disqualified' });
      const { approval, audit } = await room.state(lead);
      expect(approval).toMatchObject({ status: 'decided', decided_via: 'unauthenticated', decided_by: null });
      expect(audit).toMatchObject({ decided_by: 'person' });
      expect(await auditRowsOf(lead)).toMatchObject([
        { actor_kind: 'operator', actor_id: null, details: { via: 'unauthenticated' } },
      ]);
    },
  );

  test('is not decided by a ticket of another approval', async () => {
    const [lead, other] = [await awaiting(), await awaiting()];
    const { approval } = await room.state(other);
    const { createTickets } = await import('../../../src/control/approvals/tickets.ts');
    const { TEST_SECRET } = await import('../../../tests/support/app.ts');
    const { systemClock } = await import('../../../src/runtime/clock.ts');
    const ticket = await createTickets({ signingSecret: TEST_SECRET, clock: systemClock }).sign({
      tenant: room.tenant.id,
      actorKind: 'key',
      actorId: room.tenant.keys.operator.id,
      requestId: 'request',
      address: null,
      userAgent: null,
      approvalId: approval?.id as string,
      digest: approval?.arguments_digest as string,
      outcome: 'qualified',
    });
    const decide = room.gateway.update(lead.workflowId, DECIDE_UPDATE, { outcome: 'qualified', ticket });
    await expect(decide).rejects.toMatchObject({ code: 'permission_denied' });
    expect((await room.state(lead)).approval).toMatchObject({ status: 'open' });
    for (const one of [lead, other]) await room.handle(one).terminate();
  });

  test('goes to the side that it fell on when nobody decides in time', async () => {
    const lead = await room.lead('hartleys-plumbing', { industry: WAITS_SHORT });
    await room.triage(lead);
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'qualified' });
    const { approval, audit, lead: row } = await room.state(lead);
    expect(approval).toMatchObject({ status: 'expired', outcome: 'qualified', decided_via: 'expiry' });
    expect(audit).toMatchObject({ decided_by: 'expiry', decision: 'qualified' });
    const waited = Number(approval?.expires_at) - Number(approval?.created_at);
    const whole = Number(audit?.completed_at) - Number(audit?.created_at);
    expect(audit?.duration_ms).toBeGreaterThan(0);
    expect(audit?.duration_ms).toBeLessThanOrEqual(whole - waited);
    expect(row).toMatchObject({ status: 'qualified', awaiting: null, reasons: audit?.reasons });
    expect((row.reasons as string[])[0]).toMatch(/^Nobody decided in time/);
    expect(await auditRowsOf(lead)).toMatchObject([{ action: 'triage.decision_expired' }]);
  });

  // sabotage: workflows/triage/triage-room/workflow.ts :: return finish(input, progress, { decision: recorded.outcome, decidedBy, reason }); => return finish(input, progress, { decision: decision.outcome, decidedBy, reason });
  test('goes the way that a person decided when the report of that got lost, and the time is over', async () => {
    const lead = await room.lead('hartleys-plumbing', { industry: WAITS_SHORT });
    await room.triage(lead);
    const { approval_id: id } = await room.untilAwaiting(lead);
    const { scope } = room.tenant.keys.operator;
    const by = { decidedBy: scope.actor.id, decidedVia: 'ticket' as const, reason: 'They closed.' };
    await room.app.database.db.withTenant(scope, (tx) =>
      decideApproval(tx, { tenantId: scope.tenant, id, outcome: 'disqualified', ...by, now: new Date() }),
    );
    await expect(room.handle(lead).result()).resolves.toMatchObject({ status: 'disqualified' });
    const { audit, report } = await room.state(lead);
    expect(audit).toMatchObject({ decided_by: 'person', decision: 'disqualified' });
    expect(report).toContain('Decided by a person: not qualified. They closed.');
  });

  test('cannot be decided before it waits, nor after the triage ended', async () => {
    const { behaviour, reached, open } = gate();
    const lead = await room.lead('hartleys-plumbing', { on: { inspect: behaviour } });
    await room.triage(lead);
    await reached;
    const early = await decideOverHttp(lead, { outcome: 'qualified' });
    expect([early.status, early.body.error]).toEqual([409, 'not_awaiting']);
    const decide = () => room.gateway.update(lead.workflowId, DECIDE_UPDATE, { outcome: 'qualified' });
    await expect(decide()).rejects.toMatchObject({ code: 'not_awaiting' });
    open();
    await room.handle(lead).result();
    await expect(decide()).rejects.toMatchObject({ code: 'run_ended' });
  });

  test(`many at once, ${ROUNDS} rounds: one decision is final, every other one learns it`, async () => {
    const wins: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round += ROUNDS_AT_ONCE) {
      const rounds = Array.from({ length: Math.min(ROUNDS_AT_ONCE, ROUNDS - round) }, (_, at) =>
        race(round + at),
      );
      for (const via of await Promise.all(rounds)) wins[via] = (wins[via] ?? 0) + 1;
    }
    expect(Object.values(wins).reduce((sum, one) => sum + one)).toBe(ROUNDS);
  }, 600_000);

  /** Updates with and without a ticket, and a signal, in one instant; every other round beside the expiry. */
  async function race(round: number): Promise<string> {
    const lead = await awaiting(round % 2 ? WAITS_SHORT : WAITS_LONG);
    if (round % 2) {
      const { until } = await room.untilAwaiting(lead);
      await sleep(Math.max(0, Date.parse(until) - Date.now() + (round % 10) * 20 - 60));
    }
    const handle = room.handle(lead);
    const decide = (outcome: string) => room.gateway.update(lead.workflowId, DECIDE_UPDATE, { outcome });
    const answers = await Promise.allSettled([
      decide('qualified'),
      decide('disqualified'),
      decideOverHttp(lead, { outcome: 'disqualified' }).then(({ status, body }) => {
        if (status !== 200) throw Object.assign(new Error(body.message), { code: body.error });
        return body;
      }),
      handle.signal(DECIDE_SIGNAL, { outcome: 'qualified' }),
      decide('qualified'),
    ]);
    const result = await handle.result();
    const { approval, lead: row, audit } = await room.state(lead);
    const logged = await auditRowsOf(lead);
    expect(logged).toHaveLength(1);
    expect(logged[0]?.details.outcome).toBe(approval?.outcome);
    expect([result.status, row.status, audit?.decision]).toEqual(Array(3).fill(approval?.outcome));
    expect(row).toMatchObject({ awaiting: null, hold_code: null });
    const won = answers.filter(
      (answer) => answer.status === 'fulfilled' && answer.value !== undefined,
    ) as PromiseFulfilledResult<{ outcome: string; approval_id: string }>[];
    expect(won.length).toBeLessThanOrEqual(1);
    for (const { value } of won)
      expect(value).toMatchObject({ outcome: approval?.outcome, approval_id: approval?.id });
    for (const answer of answers) {
      if (answer.status === 'rejected') {
        expect(['already_decided', 'run_ended', 'not_awaiting']).toContain(answer.reason.code);
      }
    }
    return String(approval?.decided_via);
  }

  test('is not decided without a ticket where the setting asks for one, and goes on waiting', async () => {
    await room.startWorker({ requireTicket: true });
    const lead = await awaiting();
    const handle = room.handle(lead);
    const unproven = room.gateway.update(lead.workflowId, DECIDE_UPDATE, { outcome: 'qualified' });
    await expect(unproven).rejects.toMatchObject({ code: 'ticket_required' });
    await handle.signal(DECIDE_SIGNAL, { outcome: 'qualified' });
    await sleep(500);
    expect((await room.state(lead)).approval).toMatchObject({ status: 'open' });
    const proven = await decideOverHttp(lead, { outcome: 'disqualified' });
    expect(proven.status).toBe(200);
    await expect(handle.result()).resolves.toMatchObject({ status: 'disqualified' });
  });
});
