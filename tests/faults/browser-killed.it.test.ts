import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { descendantsOf, residentMb } from './support/processes.ts';
import { page } from './support/sites.ts';
import { type FaultLead, type FaultStack, startFaultStack, type WorkerProcess } from './support/stack.ts';

/** Requests of the page by one undisturbed scan: over HTTP, by phone, by desktop, by Lighthouse. */
const FIRST_BROWSER_REQUEST = 2;
/** More than a renderer holds by itself, and less than it may. */
const HOARDED_MB = 320;

let stack: FaultStack;
let worker: WorkerProcess;
beforeAll(async () => {
  stack = await startFaultStack();
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
  const [browser] = browsersOf(worker);
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
  // Chromium's zygote takes some tenths of a second to collect each renderer that has ended: only what stays counts.
  const left = () => chromiumOf(worker).filter(({ pid, state }) => before.includes(pid) || state === 'Z');
  await expect.poll(left, { timeout: 10_000, interval: 100 }).toEqual([]);
}, 150_000);

test('a page whose renderer dies every time is held after its second try; the page beside it, and the next, are untouched', async () => {
  // sabotage: src/sites/browser/open-site.ts :: stop.stop(deps.explainCrash()); => void deps.onStuck();
  const site = stack.sites.add((response) => {
    if (site.pageRequests < FIRST_BROWSER_REQUEST) page(response, '<h1>Fault & Sons</h1>');
    else hoard(response);
  });
  const lead = await stack.lead(site);
  const beside = await stack.lead(stack.sites.add());
  const dead = Promise.withResolvers<void>();
  beside.site.before = (nth) => (nth === FIRST_BROWSER_REQUEST ? dead.promise : undefined);
  for (const one of [beside, lead]) await stack.triage(one);
  for (const one of [beside, lead]) await untilOpen(one);
  await expect.poll(() => browsersOf(worker).length, { timeout: 10_000, interval: 50 }).toBe(1);
  await killHoarder();
  await untilInspected(lead, ['browser_crashed']);
  dead.resolve();
  await killHoarder();
  const state = await stack.untilEnded(lead);
  expect(state.lead).toMatchObject({ status: 'new', hold_code: 'browser_crashed' });
  expect(await inspectionsOf(lead)).toEqual(['browser_crashed', 'browser_crashed']);
  await expectDecided(beside);
  expect(await inspectionsOf(beside)).toEqual(['ok']);
  const next = await stack.lead(stack.sites.add());
  await stack.triage(next);
  await expectDecided(next);
  expect(await inspectionsOf(next)).toEqual(['ok']);
}, 150_000);

/** Answers with a page that never ends, and whose renderer is known among all by what it holds. */
function hoard(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.write(`<!doctype html><html lang="en"><head><title>Fault &amp; Sons</title></head><body><script>
    globalThis.kept = Array.from({ length: ${HOARDED_MB / 16} }, (_, nth) => new Uint8Array(16e6).fill(nth + 1));
    </script>`);
}

/** Kills the one renderer that shows the hoarding page, and waits until it is gone. */
async function killHoarder(): Promise<void> {
  const hoarders = () =>
    chromiumOf(worker).filter(
      ({ pid, command }) => command.includes('--type=renderer') && residentMb(pid) > HOARDED_MB,
    );
  await expect.poll(() => hoarders().length, { timeout: 40_000, interval: 50 }).toBe(1);
  for (const { pid } of hoarders()) killQuietly(pid);
  await expect.poll(() => hoarders().length, { timeout: 10_000, interval: 50 }).toBe(0);
}

async function untilInspected(lead: FaultLead, outcomes: string[]): Promise<void> {
  await expect.poll(() => inspectionsOf(lead), { timeout: 40_000, interval: 50 }).toEqual(outcomes);
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

async function untilOpen({ site }: FaultLead): Promise<void> {
  await expect
    .poll(() => site.pageRequests, { timeout: 40_000, interval: 50 })
    .toBeGreaterThanOrEqual(FIRST_BROWSER_REQUEST);
}

const chromiumOf = ({ pid }: WorkerProcess) =>
  descendantsOf(pid).filter(
    ({ command, state }) => state === 'Z' || /chrom/i.test(command.split(' ')[0] ?? ''),
  );

/** The browsers themselves, without the processes that each is made of. */
const browsersOf = (from: WorkerProcess) =>
  chromiumOf(from).filter(
    ({ command }) => command.includes('--remote-debugging-port') && !command.includes('--type='),
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
