import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DatabaseServer, startDatabaseServer } from './support/database-server.ts';
import { page } from './support/sites.ts';
import { type FaultStack, startFaultStack } from './support/stack.ts';

const LAUNCHER = join(import.meta.dirname, '../../src/cli/agos.mjs');
const PROMISED_MS = 1_000;

let server: DatabaseServer;
let stack: FaultStack;
beforeAll(async () => {
  server = await startDatabaseServer();
  stack = await startFaultStack(server);
  await stack.startWorker().serving;
});
afterAll(() => stack?.close());

const stopFile = () => join(stack.app.assetsDir, 'stop');

/** `agos kill ...` as a process, on this machine. */
async function agosKill(...args: string[]): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [LAUNCHER, 'kill', ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_ADMIN_URL: server.info.adminUrl,
      AGOS_STOP_FILE: stopFile(),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, out };
}

// sabotage: src/control/kill-switch/watch-stops.ts :: tell(known, () => stop); =>
// sabotage: src/cli/kill-global.ts :: await file.write({ reason, by: operatorName(), at: new Date() }); =>
test('with PostgreSQL stopped nothing starts; the stop file ends what is at work on its machine, and refuses until it is gone', async () => {
  const busy = stack.sites.add((response) =>
    page(response, `<h1>Busy</h1><script>setInterval(() => fetch('/tick'), 100)</script>`),
  );
  const slow = stack.sites.add();
  slow.before = (nth) => (nth === 1 ? sleep(4_000) : undefined);
  const [open, next] = [await stack.lead(busy), await stack.lead(slow)];
  expect((await stack.triage(open)).status).toBe(202);
  await expect.poll(() => busy.askedAt.length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(6);
  expect((await stack.triage(next)).status).toBe(202);
  await expect.poll(() => slow.pageRequests, { timeout: 20_000, interval: 20 }).toBe(1);

  await server.stopAtOnce();
  expect((await stack.triage(next)).body.error).toBe('database_unavailable');
  const on = await agosKill('on', '--global', '--reason', 'No database.');
  const onAt = Date.now();
  expect(on.code).toBe(3);
  expect(on.out).toContain('No other machine.');
  expect(existsSync(stopFile())).toBe(true);
  await sleep(5_000);
  const lateMs = Math.max(...busy.askedAt) - onAt;
  console.log(`the last request came ${lateMs} ms after the command had returned`);
  expect(lateMs).toBeLessThan(PROMISED_MS);
  expect(slow.pageRequests, 'the step after the slow one never began').toBe(1);

  await server.startAgain();
  for (const lead of [open, next]) expect((await stack.untilEnded(lead)).lead.status).toBe('new');
  expect((await stack.state(open)).lead).toMatchObject({ hold_code: 'kill_switch_on' });
  const refused = await stack.triage(open);
  expect([refused.status, refused.body.error, refused.body.details.reach]).toEqual([
    503,
    'kill_switch_on',
    'machine',
  ]);
  const shown = await agosKill('status', '--global', '--json');
  expect([shown.code, JSON.parse(shown.out)]).toMatchObject([
    0,
    { global: null, stop_file: { path: stopFile(), reason: 'No database.' } },
  ]);

  const off = await agosKill('off', '--global', '--json');
  expect([off.code, JSON.parse(off.out)]).toEqual([0, { global: null, stop_file_removed: true }]);
  expect((await stack.triage(next)).status).toBe(202);
  expect((await stack.untilEnded(next)).lead.hold_code).toBeNull();
}, 240_000);
