import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { page } from './support/sites.ts';
import { type FaultLead, type FaultStack, startFaultStack } from './support/stack.ts';

/** One page load may take 15 s, a site two of them and a little. */
const SITE_DEADLINE_MS = 35_000;
const SLOT_FREED_WITHIN_MS = 2_000;

let stack: FaultStack;
beforeAll(async () => {
  stack = await startFaultStack();
  await stack.startWorker().serving;
});
afterAll(() => stack?.close());

/** Pages that want the browser for themselves; plain HTTP sees nothing wrong with them. */
const BOMBS: Record<string, { codes: string[]; body: (response: ServerResponse) => void }> = {
  'spins the CPU': {
    codes: ['page_timeout'],
    body: (response) => page(response, '<script>for(;;);</script>'),
  },
  'allocates 2 GB': {
    codes: ['page_too_large', 'browser_crashed', 'page_timeout'],
    body: (response) =>
      page(
        response,
        `<script>const kept = [];
        (function more() { for (let i = 0; i < 8; i += 1) kept.push(new Uint8Array(16e6).fill(kept.length));
          if (kept.length < 128) setTimeout(more); else for (;;); })();</script>`,
      ),
  },
};

// Row 16: page never ends, spins CPU or allocates 2 GB: killed at deadline or memory cap; slot freed < 2 s later.
test.concurrent('pages that never end are held at their deadline, and the slot goes to the next site at once', async () => {
  // sabotage: src/triage/triage-room/scan-steps.ts :: timeouts.browser_seconds * 1000; => timeouts.browser_seconds * 7000;
  const bombs = await Promise.all(
    Object.values(BOMBS).map(async ({ codes, body }) => ({
      codes,
      lead: await stack.lead(stack.sites.add(body)),
    })),
  );
  const next = await stack.lead(stack.sites.add());
  for (const { lead } of bombs) await stack.triage(lead);
  // Both slots are taken before the next site asks for one.
  for (const { lead } of bombs) {
    await vi.waitUntil(() => lead.site.pageRequests >= 2, { timeout: 40_000 });
  }
  await stack.triage(next);
  for (const { lead, codes } of bombs) {
    const state = await stack.untilEnded(lead, 120_000);
    expect(state.lead).toMatchObject({ status: 'new', score: null });
    expect(codes).toContain(state.lead.hold_code);
    expect(state.audit).toMatchObject({ status: 'held', score: null, signals: [] });
    const opened = await inspectionOf(lead);
    expect(opened.endedMs - opened.startedMs).toBeLessThan(SITE_DEADLINE_MS + 5_000);
  }
  const after = await stack.untilEnded(next, 120_000);
  expect(after.lead.hold_code).toBeNull();
  expect(['qualified', 'disqualified']).toContain(after.lead.status);
  const freedMs = Math.min(
    ...(await Promise.all(bombs.map(({ lead }) => inspectionOf(lead)))).map((one) => one.endedMs),
  );
  const waited = (await inspectionOf(next)).startedMs - freedMs;
  console.log(`the next site was opened ${waited} ms after the first bomb ended`);
  expect(waited).toBeLessThan(SLOT_FREED_WITHIN_MS);
}, 240_000);

test.concurrent('an answer that never ends is held over HTTP, before a browser opens it', async () => {
  const endless = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    const more = setInterval(() => response.write('<p>and more</p>'), 100);
    response.once('close', () => clearInterval(more));
  };
  const lead = await stack.lead(stack.sites.add(endless));
  await stack.triage(lead);
  const state = await stack.untilEnded(lead, 60_000);
  expect(state.lead).toMatchObject({ status: 'new', hold_code: 'page_timeout' });
  expect(lead.site.pageRequests).toBe(1);
}, 90_000);

/** When the last try to open the page began and ended, as the history tells. */
async function inspectionOf(lead: FaultLead): Promise<{ startedMs: number; endedMs: number }> {
  const { events = [] } = await stack.handle(lead).fetchHistory();
  const scheduled = events?.find(
    ({ activityTaskScheduledEventAttributes: one }) => one?.activityType?.name === 'inspectPage',
  );
  const ofIt = (id: unknown) => String(id) === String(scheduled?.eventId);
  const timeOf = (event: { eventTime?: { seconds?: unknown; nanos?: number | null } | null } | undefined) =>
    Number(event?.eventTime?.seconds) * 1_000 + Math.round((event?.eventTime?.nanos ?? 0) / 1e6);
  return {
    startedMs: timeOf(
      events?.find((event) => ofIt(event.activityTaskStartedEventAttributes?.scheduledEventId)),
    ),
    endedMs: timeOf(
      events?.find(
        (event) =>
          ofIt(event.activityTaskCompletedEventAttributes?.scheduledEventId) ||
          ofIt(event.activityTaskFailedEventAttributes?.scheduledEventId),
      ),
    ),
  };
}
