import { expect, test } from 'vitest';
import { createPatience } from './patience.ts';

const busy = (seconds: string, error = 'rate_limit_exceeded') =>
  new Response(JSON.stringify({ error }), { status: 429, headers: { 'retry-after': seconds } });
const done = () => new Response('{}', { status: 201 });

test('what was refused for too many requests is sent again after the time that the server names', async () => {
  const startedMs = performance.now();
  let sent = 0;
  // sabotage: src/cli/patience.ts :: await sleep(seconds * 1_000); =>
  const answer = await createPatience()(async () => (++sent < 2 ? busy('1') : done()));
  expect([answer.status, sent]).toEqual([201, 2]);
  expect(performance.now() - startedMs).toBeGreaterThan(950);
});

test('those who wait take turns: one that is let through does not cost another its place', async () => {
  const patiently = createPatience();
  const rooms = [true, true, true];
  let asking = 0;
  let most = 0;
  const send = async (): Promise<Response> => {
    asking += 1;
    most = Math.max(most, asking);
    await new Promise((resolve) => setTimeout(resolve, 5));
    asking -= 1;
    return rooms.pop() ? done() : busy('0');
  };
  rooms.length = 0;
  const first = Array.from({ length: 10 }, () => patiently(send));
  await new Promise((resolve) => setTimeout(resolve, 20));
  most = 0;
  rooms.push(...Array.from({ length: 10 }, () => true));
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(10).fill(201));
  // sabotage: src/cli/patience.ts :: const patient = turn.then(() => sendPatiently(send, first)); => const patient = sendPatiently(send, first);
  expect(most).toBe(1);
});

test.each([
  ['a quota, which is 429 too', busy('1', 'quota_exceeded')],
  ['a time too long to wait for', busy('86400')],
  ['no time at all', new Response('{}', { status: 429 })],
])('%s is told at once', async (_name, refusal) => {
  const startedMs = performance.now();
  const answer = await createPatience()(async () => refusal);
  expect(answer.status).toBe(429);
  expect(performance.now() - startedMs).toBeLessThan(900);
});
