import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTestApp, type TestApp } from '../../tests/support/app.ts';
import { insertLead, insertRun } from '../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../tests/support/tenant.ts';
import { type Listening, listen } from '../api/listen.ts';
import { createEventHub, type EventHub } from '../control/events/hub.ts';
import type { EventView } from '../control/events/schemas.ts';

let first: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  first = await createTestApp();
  tenant = await createTenant(first.database);
});
afterAll(() => first.close());

const owner = () => ({ tenant: tenant.id, createdBy: tenant.keys.owner.id });

/** One server process after another, on one port. */
async function serve(port: number): Promise<{ api: Listening; stop(): Promise<void> }> {
  const eventHub: EventHub = createEventHub(first.database.db);
  const app = await createTestApp({ db: first.database.db, eventHub });
  const api = await listen(app.app, { hostname: '127.0.0.1', port });
  return {
    api,
    stop: async () => {
      eventHub.close();
      await api.close();
      await app.close();
    },
  };
}

function agos(port: number, ...args: string[]): { child: ChildProcess; lines: string[]; said(): string } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'agos.mjs'), 'events', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { AGOS_URL: `http://127.0.0.1:${port}`, AGOS_API_KEY: tenant.keys.owner.key, NO_COLOR: '1' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line));
  let said = '';
  child.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  return { child, lines, said: () => said };
}

test('events --follow goes on over a restart of the server, without loss and without repetition', async () => {
  const before = await serve(0);
  const { port } = before.api;
  const { child, lines } = agos(port, '--follow', '--json');
  const seen = () => lines.map((line) => (JSON.parse(line) as EventView).lead_id);
  // It begins with what comes next, and nobody knows when it has begun.
  const addOne = async (): Promise<number> => {
    await insertLead(first.database, owner());
    return lines.length;
  };
  await expect.poll(addOne, { timeout: 30_000 }).toBeGreaterThan(0);
  await before.stop();
  const meanwhile = await insertLead(first.database, owner());
  const after = await serve(port);
  const then = await insertLead(first.database, owner());
  await expect.poll(() => seen().slice(-2), { timeout: 30_000 }).toEqual([meanwhile, then]);
  const numbers = lines.map((line) => (JSON.parse(line) as EventView).seq);
  expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
  child.kill('SIGINT');
  expect((await once(child, 'exit'))[0]).toBe(130);
  await after.stop();
}, 90_000);

test('events --run --follow shows a run from its beginning and ends with it; without --follow it lists', async () => {
  const server = await serve(0);
  const { port } = server.api;
  const run = await insertRun(first.database, owner());
  const { child, lines } = agos(port, '--run', run, '--follow');
  await expect.poll(() => lines.length, { timeout: 30_000 }).toBe(1);
  await first.database
    .admin`update runs set status = 'failed', end_code = 'run_lost', ended_at = now() where id = ${run}`;
  expect((await once(child, 'exit'))[0]).toBe(0);
  expect(lines[1]).toMatch(/run\.failed .* code=run_lost/);
  const list = agos(port, '--run', run);
  expect((await once(list.child, 'exit'))[0]).toBe(0);
  expect(list.lines).toEqual(lines);
  await server.stop();
}, 90_000);

test('events says that there are more, and refuses filters that it would drop', async () => {
  const server = await serve(0);
  const { port } = server.api;
  const run = await insertRun(first.database, owner());
  await insertLead(first.database, owner());
  const list = agos(port, '--limit', '1');
  expect((await once(list.child, 'close'))[0]).toBe(0);
  expect(list.lines).toEqual([expect.stringContaining('lead.created')]);
  expect(list.said()).toMatch(/^The newest 1; there are more/);
  for (const filter of [
    ['--type', 'run.failed'],
    ['--lead', run],
  ]) {
    const refused = agos(port, '--follow', '--run', run, ...filter);
    expect((await once(refused.child, 'close'))[0]).toBe(2);
    expect(refused.said()).toMatch(/leave --type and --lead out/);
  }
  await server.stop();
}, 60_000);
