import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { descendantsOf } from './support/processes.ts';
import { type FaultLead, type FaultStack, startFaultStack, type WorkerProcess } from './support/stack.ts';

/** Requests of the page by one undisturbed scan: over HTTP, by phone, by desktop, by Lighthouse. */
const FIRST_BROWSER_REQUEST = 2;

let stack: FaultStack;
let worker: WorkerProcess;
beforeAll(async () => {
  stack = await startFaultStack({ sites: 6 });
  worker = stack.startWorker();
  await worker.serving;
});
afterAll(() => stack?.close());

// Row 15: renderer or browser killed mid-scan: only the URLs open in it are retried, once each; all others
// unaffected; no zombie.
test('a browser killed in the middle of a scan: what was open in it is retried once, the rest is untouched', async () => {
  // sabotage: temporal/failures.ts :: if (error.hold.code === 'browser_crashed' && attempt === 1) { => if (error.hold.code === 'browser_crashed' && attempt === 0) {
  const open = await Promise.all([slowLead(), slowLead()]);
  for (const lead of open) expect((await stack.triage(lead)).status).toBe(202);
  for (const lead of open) await untilOpen(lead);
  const browser = chromiumOf(worker).find(({ command }) => !command.includes('--type='));
  const before = chromiumOf(worker).map(({ pid }) => pid);
  expect(browser).toBeDefined();
  const other = await stack.lead(stack.sites.add());
  await stack.triage(other);
  process.kill(browser!.pid, 'SIGKILL');
  for (const lead of open) {
    await expectDecided(lead);
    expect(await inspectionsOf(lead)).toEqual(['browser_crashed', 'ok']);
  }
  await expectDecided(other);
  expect(await inspectionsOf(other)).toEqual(['ok']);
  const left = chromiumOf(worker).filter(({ pid, state }) => before.includes(pid) || state === 'Z');
  expect(left).toEqual([]);
}, 150_000);

test('a page whose renderer dies every time is held after its second try, and the next site is scanned', async () => {
  const lead = await slowLead();
  await stack.triage(lead);
  for (const tries of [1, 2]) {
    await untilOpen(lead, FIRST_BROWSER_REQUEST - 1 + tries);
    // A page changes its renderer as it loads, so one blow may miss it.
    while ((await inspectionsOf(lead)).length < tries) {
      killRenderers();
      await sleep(100);
    }
  }
  const state = await stack.untilEnded(lead);
  expect(state.lead).toMatchObject({ status: 'new', hold_code: 'browser_crashed' });
  expect(await inspectionsOf(lead)).toEqual(['browser_crashed', 'browser_crashed']);
  const next = await stack.lead(stack.sites.add());
  await stack.triage(next);
  await expectDecided(next);
  expect(await inspectionsOf(next)).toEqual(['ok']);
}, 150_000);

function killRenderers(): void {
  for (const { pid, command } of chromiumOf(worker)) {
    if (command.includes('--type=renderer')) killQuietly(pid);
  }
}

/** It may have ended since it was listed. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A lead whose page keeps the browser waiting, so that it is open when the browser dies. */
async function slowLead(): Promise<FaultLead> {
  const site = stack.sites.add();
  // The first request of the browser's first and second try.
  site.before = (nth) => (nth === 2 || nth === 3 ? sleep(3_000) : undefined);
  return stack.lead(site);
}

async function untilOpen({ site }: FaultLead, nth = FIRST_BROWSER_REQUEST): Promise<void> {
  await expect.poll(() => site.pageRequests, { timeout: 40_000, interval: 50 }).toBeGreaterThanOrEqual(nth);
}

const chromiumOf = ({ pid }: WorkerProcess) =>
  descendantsOf(pid).filter(
    ({ command, state }) => state === 'Z' || /chrom/i.test(command.split(' ')[0] ?? ''),
  );

async function expectDecided(lead: FaultLead): Promise<void> {
  const { lead: row, run } = await stack.untilEnded(lead);
  expect(row.hold_code).toBeNull();
  expect(['qualified', 'disqualified']).toContain(row.status);
  expect(run).toMatchObject({ status: 'completed', end_code: null });
}

/** How each try to open the page ended. */
async function inspectionsOf(lead: FaultLead): Promise<string[]> {
  const { agentRun } = await stack.state(lead);
  const calls = agentRun?.tools_called as { name: string; error: string | null }[];
  return calls.filter(({ name }) => name === 'inspect_page').map(({ error }) => error ?? 'ok');
}
