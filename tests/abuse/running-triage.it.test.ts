import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTickets, type TicketClaims } from '../../src/control/approvals/tickets.ts';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { newId } from '../../src/runtime/ids.ts';
import { DECIDE_UPDATE } from '../../workflows/triage/triage-room/messages.ts';
import { TEST_SECRET } from '../support/app.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';
import { type Lead, startTriageRoom, type TriageRoom, WAITS_LONG } from '../support/triage-room.ts';

let room: TriageRoom;
let stranger: TestTenant;
beforeAll(async () => {
  room = await startTriageRoom();
  stranger = await createTenant(room.app.database, 'Stranger');
});
afterAll(() => room?.close());

async function awaiting(): Promise<Lead> {
  const lead = await room.lead('hartleys-plumbing', { industry: WAITS_LONG });
  await room.triage(lead);
  await room.untilAwaiting(lead);
  return lead;
}

const ask = (who: TestTenant, method: string, path: string, json?: unknown) =>
  room.app.request(method, path, { headers: who.keys.owner.headers, ...(json !== undefined && { json }) });

describe('a live triage of another tenant', () => {
  test('can be neither watched, decided, cancelled nor read: 404 as if it were not there', async () => {
    const lead = await awaiting();
    const { run, audit } = await room.state(lead);
    const decision = { outcome: 'qualified' };
    const requests = (leadId: string, runId: string, auditId: string): [string, string, unknown?][] => [
      ['GET', `/v1/leads/${leadId}/progress`],
      ['POST', `/v1/leads/${leadId}/decision`, decision],
      ['POST', `/v1/leads/${leadId}/triage`],
      ['GET', `/v1/leads/${leadId}/report`],
      ['GET', `/v1/runs/${runId}`],
      ['POST', `/v1/runs/${runId}/cancel`, { reason: 'mine' }],
      ['GET', `/v1/audits/${auditId}`],
    ];
    const foreign = requests(lead.id, String(run.id), String(audit?.id));
    const unknown = requests(newId(), newId(), newId());
    for (const [index, one] of foreign.entries()) {
      const [theirs, nobodys] = [await ask(stranger, ...one), await ask(stranger, ...unknown[index]!)];
      expect([one[1], theirs.status]).toEqual([one[1], 404]);
      const { requestId, timestamp, ...rest } = theirs.body;
      expect(nobodys.body).toMatchObject(rest);
    }
    expect((await room.state(lead)).approval).toMatchObject({ status: 'open' });
    expect((await room.handle(lead).describe()).status.name).toBe('RUNNING');
    expect((await ask(room.tenant, 'GET', foreign[0]![1])).status).toBe(200);
    await room.handle(lead).terminate();
  });

  test.each<[string, (claims: TicketClaims) => Partial<TicketClaims> | 'forged', string]>([
    ['another tenant', () => ({ tenant: stranger.id }), 'permission_denied'],
    ['another approval', () => ({ approvalId: newId() }), 'permission_denied'],
    ['another outcome', () => ({ outcome: 'disqualified' }), 'permission_denied'],
    ['other arguments', () => ({ digest: '0'.repeat(64) }), 'decision_not_allowed'],
    ['another secret', () => 'forged', 'permission_denied'],
  ])('a ticket of %s decides nothing', async (_of, change, code) => {
    // sabotage: src/triage/triage-room/prove-decision.ts :: ...by, argumentsDigest: digest }; => ...by };
    // sabotage: src/control/approvals/tickets.ts :: claims.tenant === expected.tenant && =>
    // sabotage: src/control/approvals/tickets.ts :: claims.approval === expected.approvalId && =>
    const lead = await awaiting();
    const { approval } = await room.state(lead);
    const claims: TicketClaims = {
      tenant: room.tenant.id,
      actorKind: 'key',
      actorId: room.tenant.keys.operator.id,
      requestId: 'request',
      address: null,
      userAgent: null,
      approvalId: String(approval?.id),
      digest: String(approval?.arguments_digest),
      outcome: 'qualified',
    };
    const changed = change(claims);
    const signingSecret = changed === 'forged' ? 'another secret of 32 characters or more' : TEST_SECRET;
    const tickets = createTickets({ signingSecret, clock: systemClock });
    const ticket = await tickets.sign({ ...claims, ...(changed === 'forged' ? {} : changed) });
    const decide = room.gateway.update(lead.workflowId, DECIDE_UPDATE, { outcome: 'qualified', ticket });
    await expect(decide).rejects.toMatchObject({ code });
    expect((await room.state(lead)).approval).toMatchObject({ status: 'open' });
    await room.handle(lead).terminate();
  });
});

describe('secrets', () => {
  const TOKEN = 'rosebudtoken4711';
  const COMPANY = 'Xanadu Pleasure Domes';
  const REASON = 'Kubla said so';
  const PAGE_TEXT = 'Ken Hartley';
  const UPSTREAM = 'hunter22password';

  /** Everything that the server keeps on disk, and a history as it is exported. */
  async function rawHistory(lead: Lead): Promise<Buffer> {
    const files = readdirSync(room.server.dataDir, { recursive: true, withFileTypes: true });
    const disk = files
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name)));
    const { history } = await room.client.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: { workflowId: lead.workflowId },
    });
    return Buffer.concat([...disk, proto.temporal.api.history.v1.History.encode(history!).finish()]);
  }

  function expectHidden(bytes: Buffer, lead: Lead, ...secrets: string[]): void {
    expect(bytes.includes(lead.workflowId), 'the search finds what is not hidden').toBe(true);
    expect(bytes.includes('encryption-key-id')).toBe(true);
    for (const secret of secrets) expect([secret, bytes.includes(secret)]).toEqual([secret, false]);
  }

  test('no byte that Temporal keeps of a decided triage shows page, company, address, reason or ticket', async () => {
    // sabotage: temporal/codec/codec.ts :: encode: async (payloads) => payloads.map((payload) => encrypt(ring, payload)), => encode: async (payloads) => payloads,
    const lead = await room.lead('hartleys-plumbing', { industry: WAITS_LONG });
    await room.app.database.admin`update leads set company_name = ${COMPANY},
      url = ${`https://${lead.host}/?token=${TOKEN}`} where id = ${lead.id}`;
    await room.triage(lead);
    await room.untilAwaiting(lead);
    const json = { outcome: 'qualified', reason: REASON };
    const answer = await ask(room.tenant, 'POST', `/v1/leads/${lead.id}/decision`, json);
    expect(answer.status, answer.text).toBe(200);
    await room.handle(lead).result();
    const { report } = await room.state(lead);
    expect(report, 'they were there to be hidden').toContain(REASON);
    const bytes = await rawHistory(lead);
    expectHidden(bytes, lead, TOKEN, COMPANY, REASON, PAGE_TEXT, lead.host, 'eyJhbGciOi', TEST_SECRET);
  });

  test('in the address that a site leads to: no hold shows them, in answers, reports, rows or history', async () => {
    // sabotage: temporal/failures.ts :: const message = redactText(error.message); => const message = error.message;
    const leads = `The way: https://a.example/?token=${TOKEN} -> http://10.0.0.1/?key=${TOKEN}&page=2.`;
    const fetch = () => {
      throw new SiteHoldError('redirect_forbidden', leads);
    };
    const lead = await room.lead('hartleys-plumbing', { on: { fetch } });
    const run = await room.triage(lead);
    await room.handle(lead).result();
    const state = await room.state(lead);
    const said = 'The way: https://a.example/?token=[redacted] -> http://10.0.0.1/?key=[redacted]&page=2.';
    expect(state.lead).toMatchObject({ hold_code: 'redirect_forbidden', hold_message: said });
    const shown = [
      JSON.stringify(state),
      (await ask(room.tenant, 'GET', `/v1/leads/${lead.id}`)).text,
      (await ask(room.tenant, 'GET', `/v1/runs/${run}`)).text,
      (await ask(room.tenant, 'GET', `/v1/audits/${state.audit?.id}`)).text,
    ];
    for (const text of shown) expect(text).not.toContain(TOKEN);
    expectHidden(await rawHistory(lead), lead, TOKEN, '10.0.0.1');
  });

  test('in the error of something upstream: neither history nor run tells it', async () => {
    // sabotage: temporal/failures.ts :: message: `The activity failed unexpectedly (${name}); the worker's log says more.`, => message: String((error as Error).message),
    const fetch = () => {
      throw new Error(`connect postgres://agos:${UPSTREAM}@db.example failed for key ${TOKEN}`);
    };
    const lead = await room.lead('hartleys-plumbing', { on: { fetch } });
    const run = await room.triage(lead);
    await expect.poll(() => room.scanner.callsOf(lead.host).length, { timeout: 20_000 }).toBeGreaterThan(1);
    const { raw } = await room.handle(lead).describe();
    const failure = raw.pendingActivities?.[0]?.lastFailure;
    const { loadedDataConverter } = room.client.options;
    const said = await decodeOptionalFailureToOptionalError(loadedDataConverter, failure);
    expect(said?.message).toContain('failed unexpectedly');
    expect(said?.message).not.toContain(UPSTREAM);
    expectHidden(await rawHistory(lead), lead, UPSTREAM, TOKEN, 'failed unexpectedly');
    expect((await ask(room.tenant, 'GET', `/v1/runs/${run}`)).text).not.toContain(UPSTREAM);
    await room.handle(lead).terminate();
  });

  test.each<[string, string, unknown]>([
    [
      'as the name of a field',
      '/v1/leads',
      { url: 'https://a.example', [`agos_00000000_${'a'.repeat(43)}`]: 1 },
    ],
    [
      'as the name of a query field',
      `/v1/leads?agos_00000000_${'a'.repeat(43)}=1`,
      { url: 'https://a.example' },
    ],
    ['in an address', '/v1/leads', { url: `https://user:${'a'.repeat(43)}@a.example` }],
    [
      'as a value that is refused',
      '/v1/members',
      { issuer: 'x', subject: 'y', role: `sk-ant-${'a'.repeat(43)}` },
    ],
  ])('in a request, %s: the refusal does not repeat them', async (_where, path, json) => {
    // sabotage: src/api/kit/envelope.ts :: new Response(redactText(JSON.stringify(body)), { status, headers }) => new Response(JSON.stringify(body), { status, headers })
    const { status, text, body } = await ask(room.tenant, 'POST', path, json);
    expect([status, body.details.class]).toEqual([422, 'invalid_request']);
    expect(text).not.toContain('a'.repeat(43));
    expect(room.app.logs.join('')).not.toContain('a'.repeat(43));
  });
});
