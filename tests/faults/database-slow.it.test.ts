import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BadNetwork, openBadNetwork } from './support/bad-network.ts';
import { type FaultLead, type FaultStack, startFaultStack } from './support/stack.ts';

const LEADS = 3;
/** Of messages: each connection carries a hundred and more, so far more than 1 % of them are reset. */
const RESET_EVERY = 400;

let stack: FaultStack;
let network: BadNetwork;
beforeAll(async () => {
  stack = await startFaultStack();
  const { url, systemUrl } = stack.app.database.info;
  network = await openBadNetwork(Number(new URL(url).port));
  const through = (address: string) => Object.assign(new URL(address), { port: String(network.port) }).href;
  await stack.startWorker({ DATABASE_URL: through(url), DATABASE_SYSTEM_URL: through(systemUrl) }).serving;
});
afterAll(async () => {
  await stack?.close();
  await network?.close();
});

// Row 12: +300 ms database latency, 1 % resets: no retry storm: calls <= 1.2x normal.
test('a slow database that loses connections: each triage ends well, and hardly anything is done twice', async () => {
  // sabotage: src/runtime/database/pool.ts :: connections.on('error', () => {}); =>
  const normal = await triageAll();
  network.behave({ delayMs: 300, resetEvery: RESET_EVERY });
  const hurt = await triageAll();
  console.log(
    `calls: ${normal.calls} normally, ${hurt.calls} with ${network.resets} resets; pages ${normal.pages}, ${hurt.pages}`,
  );
  expect(network.resets).toBeGreaterThan(0);
  expect(hurt.calls - normal.calls).toBeLessThanOrEqual(network.resets);
  expect(hurt.calls).toBeLessThanOrEqual(normal.calls * 1.2);
  expect(hurt.pages).toBeLessThanOrEqual(normal.pages * 1.2);
}, 400_000);

/** Triages some leads at once; counts tries of activities and requests of the pages. */
async function triageAll(): Promise<{ calls: number; pages: number }> {
  const leads = await Promise.all(Array.from({ length: LEADS }, () => stack.lead(stack.sites.add())));
  for (const lead of leads) expect((await stack.triage(lead)).status).toBe(202);
  let calls = 0;
  for (const lead of leads) {
    const { lead: row, run } = await stack.untilEnded(lead, 180_000);
    expect([row.hold_code, row.hold_message]).toEqual([null, null]);
    expect(['qualified', 'disqualified']).toContain(row.status);
    expect(run).toMatchObject({ status: 'completed', end_code: null });
    calls += await triesOf(lead);
  }
  return { calls, pages: leads.reduce((sum, { site }) => sum + site.pageRequests, 0) };
}

async function triesOf(lead: FaultLead): Promise<number> {
  const { events } = await stack.handle(lead).fetchHistory();
  return (events ?? []).reduce(
    (sum, { activityTaskStartedEventAttributes: started }) => sum + (started?.attempt ?? 0),
    0,
  );
}
