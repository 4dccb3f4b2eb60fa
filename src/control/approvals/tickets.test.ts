import { UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { createTickets, type TicketClaims } from './tickets.ts';

let now = new Date('2026-11-21T10:00:00Z');
const clock = { now: () => now };
const signingSecret = 'a signing secret for tests, 32 characters and more';
const tickets = createTickets({ signingSecret, clock });
const claims: TicketClaims = {
  tenant: '01890000-0000-7000-8000-000000000001',
  actorKind: 'key',
  actorId: '01890000-0000-7000-8000-000000000002',
  requestId: 'request-1',
  address: '192.0.2.1',
  userAgent: 'agos/0.1.0',
  approvalId: '01890000-0000-7000-8000-000000000003',
  digest: 'abc',
  outcome: 'qualified',
};

test('a ticket proves who decides, from where, on what, and how', async () => {
  const { actorKind, actorId, requestId, address, userAgent } = claims;
  for (const from of [
    { address, userAgent },
    { address: null, userAgent: null },
  ]) {
    const ticket = await tickets.sign({ ...claims, ...from });
    const holder = { actorKind, actorId, requestId, ...from };
    expect(await tickets.verify(ticket, claims, null)).toEqual({ holder, digest: 'abc' });
  }
});

test.each([
  ['another approval', { approvalId: claims.actorId }],
  ['another tenant', { tenant: claims.actorId }],
  ['another outcome', { outcome: 'disqualified' }],
])('it is worth nothing for %s', async (_name, change) => {
  const ticket = await tickets.sign(claims);
  await expect(tickets.verify(ticket, { ...claims, ...change }, null)).rejects.toMatchObject({
    code: 'permission_denied',
  });
});

test('it is worth nothing after five minutes, under another secret, altered or unsigned', async () => {
  const ticket = await tickets.sign(claims);
  const refused = { code: 'permission_denied' };
  const stranger = createTickets({ signingSecret: signingSecret.toUpperCase(), clock });
  await expect(stranger.verify(ticket, claims, null)).rejects.toMatchObject(refused);
  const [head, payload, signature] = ticket.split('.');
  const forged = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(payload!, 'base64url').toString()), sub: 'me' }),
  );
  await expect(
    tickets.verify(`${head}.${forged.toString('base64url')}.${signature}`, claims, null),
  ).rejects.toMatchObject(refused);
  const plain = JSON.parse(Buffer.from(payload!, 'base64url').toString());
  await expect(tickets.verify(new UnsecuredJWT(plain).encode(), claims, null)).rejects.toMatchObject(refused);
  now = new Date('2026-11-21T10:05:01Z');
  await expect(tickets.verify(ticket, claims, null)).rejects.toMatchObject(refused);
});
