import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { uploadLeads } from '../support/imports.ts';
import type { Behaviour } from '../support/stored-scanner.ts';
import { createTenant, giveVolume, type TestTenant } from '../support/tenant.ts';
import { startTriageRoom, type TriageRoom } from '../support/triage-room.ts';

/**
 * The window lets no more than 20 of an import's scans reach Temporal, whatever waits in the database behind
 * them: 300 lines look to the queues like 10,000, which `npm run test:nightly` imports.
 */
const LEADS = process.env.AGOS_TEST_SEEDS ? 10_000 : 300;
const WINDOW = 20;
/** Sites that the test lets through, and then some. */
const SERVED = 80;
const OTHER = 'other.example';

let room: TriageRoom;
beforeAll(async () => {
  room = await startTriageRoom();
  await room.startWorker({ imports: { pollMs: 100 } });
  await giveVolume(room.app.database, room.tenant.id);
});
afterAll(() => room.close());

// sabotage: temporal/gateway.ts :: priority: { fairnessKey: request.tenant }, =>
test('a tenant whose import is at work delays the single lead of another by less than two scans', async () => {
  const [browser, lighthouse] = [turnstile(), turnstile()];
  const serve = (host: string): void =>
    room.scanner.serve(host, 'kestrel-joinery', {
      inspect: browser.enter(host),
      measure: lighthouse.enter(host),
    });
  const busy = Array.from({ length: LEADS }, (_, index) => `busy-${index}.example`);
  for (const host of [...busy.slice(0, SERVED), OTHER]) serve(host);
  await uploadLeads(room.app, room.tenant, ['url', ...busy.map((host) => `https://${host}/`)].join('\n'));
  await untilWaiting('inspectPage', WINDOW, room.tenant);

  // Two pages are open, eighteen of the window wait in line, and the rest of the import behind them.
  const other = await createTenant(room.app.database);
  const json = { url: `https://${OTHER}/`, triage: true };
  const { headers } = other.keys.operator;
  expect((await room.app.request('POST', '/v1/leads', { headers, json })).status).toBe(201);
  await untilWaiting('inspectPage', 1, other);
  expect(await browser.leaveUntil(OTHER)).toBeLessThan(2);

  // Its page stays open until the import's leads wait in line at Lighthouse too.
  await browser.leaveWithout(OTHER, 8);
  await untilWaiting('measurePage', 6, room.tenant);
  browser.leave(OTHER);
  await untilWaiting('measurePage', 1, other);
  expect(await lighthouse.leaveUntil(OTHER)).toBeLessThan(2);

  lighthouse.leave(OTHER);
  await vi.waitUntil(async () => /qualified/.test(await statusOf(other)), { timeout: 20_000, interval: 50 });
});

/** Where pages stay until they are let go, and which knows in which order they came. */
function turnstile() {
  const came: string[] = [];
  const inside = new Map<string, () => void>();
  const leave = (host: string | undefined): void => {
    if (host === undefined) return;
    inside.get(host)?.();
    inside.delete(host);
  };
  /** Lets the page go that has been here for longest, and waits for the next one. */
  const next = async (except?: string): Promise<void> => {
    const before = came.length;
    leave([...inside.keys()].find((host) => host !== except));
    await vi.waitUntil(() => came.length > before, { timeout: 20_000, interval: 10 });
  };
  return {
    leave,
    enter:
      (host: string): Behaviour =>
      ({ signal }) => {
        came.push(host);
        return new Promise((resolve, reject) => {
          inside.set(host, resolve);
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
      },
    /** Lets pages go one by one until this one has come, and tells how many came before it. */
    leaveUntil: async (host: string): Promise<number> => {
      const before = came.length;
      while (!came.includes(host)) await next();
      return came.indexOf(host) - before;
    },
    leaveWithout: async (host: string, times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) await next(host);
    },
  };
}

/** Resolves when so many scans of a tenant wait for this step or are at it. */
async function untilWaiting(step: string, atLeast: number, tenant: TestTenant): Promise<void> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline; await sleep(100)) {
    const rows = await room.app.database.admin`select workflow_id from runs where tenant_id = ${tenant.id}
      and kind = 'triage-room' and ended_at is null`;
    const pending = await Promise.all(rows.map((row) => isPending(row.workflow_id, step)));
    if (pending.filter(Boolean).length >= atLeast) return;
  }
  throw new Error(`fewer than ${atLeast} scans came to ${step}`);
}

async function isPending(workflowId: string, step: string): Promise<boolean> {
  const found = await room.client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => null);
  return found?.raw.pendingActivities?.some((one) => one.activityType?.name === step) ?? false;
}

async function statusOf(tenant: TestTenant): Promise<string> {
  const [lead] = await room.app.database.admin`select status from leads where tenant_id = ${tenant.id}`;
  return lead?.status;
}
