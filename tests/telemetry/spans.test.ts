import { trace } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { createLogger } from '../../src/runtime/logger.ts';
import { startSdk } from '../../src/runtime/telemetry/sdk.ts';
import { currentTraceparent, inSpan, inTraceOf, linksHere } from '../../src/runtime/telemetry/spans.ts';
import type { Tracing } from '../../src/runtime/telemetry/telemetry.ts';
import { traceDatabase } from '../../src/runtime/telemetry/trace-database.ts';
import { type ReceivedSpan, receiveTraces, type TraceReceiver } from './trace-receiver.ts';

const lines: string[] = [];
const logger = createLogger({ level: 'info' }, { write: (line: string) => void lines.push(line) });
let receiver: TraceReceiver;
let tracing: Tracing;
beforeAll(async () => {
  receiver = await receiveTraces();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.url;
  process.env.OTEL_BSP_SCHEDULE_DELAY = '50';
  tracing = startSdk('worker', logger);
});
afterAll(async () => {
  await tracing.close();
  await receiver.close();
});

async function sent(name: string): Promise<ReceivedSpan> {
  const found = () => receiver.spans.find((span) => span.name === name);
  await expect.poll(found, { timeout: 20_000 }).toBeDefined();
  return found() as ReceivedSpan;
}

/** Doors that answer at once. */
const doors = {
  withTenant: (_scope: unknown, fn: (tx: unknown) => Promise<unknown>) => fn(null),
  withSystem: (_purpose: unknown, fn: (tx: unknown) => Promise<unknown>) => fn(null),
} as unknown as Database;
const scope = { tenant: 'a-tenant' } as Parameters<Database['withTenant']>[0];

test('what is asked for in a transaction is asked for by the work around it; polls are no spans', async () => {
  const db = traceDatabase(doors, tracing.tracer);
  const asked = await inSpan(tracing.tracer, 'request', {}, async () => {
    await db.withSystem('kill_switches_on', async () => null);
    return db.withTenant(scope, async () => currentTraceparent());
  });
  const [request, transaction] = [await sent('request'), await sent('database transaction')];
  expect(transaction).toMatchObject({ parentSpanId: request.spanId, traceId: request.traceId });
  expect(transaction.attributes).toMatchObject({ 'agos.tenant': 'a-tenant' });
  expect(asked).toBe(`00-${request.traceId}-${request.spanId}-01`);
  await db.withTenant(scope, async () => null);
  expect(receiver.spans.filter(({ name }) => name.startsWith('database'))).toHaveLength(1);
});

// sabotage: src/runtime/telemetry/trace-database.ts :: db.withTenant(scope, fn, terms) => db.withTenant(scope, fn)
test('a transaction keeps its patience where it is traced', async () => {
  const given: unknown[] = [];
  const withTenant = async (_scope: unknown, _fn: unknown, patience: unknown) => given.push(patience);
  const db = traceDatabase({ ...doors, withTenant } as unknown as Database, tracing.tracer);
  await db.withTenant(scope, async () => null, { lockMs: 1, statementMs: 2 });
  expect(given).toEqual([{ lockMs: 1, statementMs: 2 }]);
});

test('work is done in the trace that asked for it, and linked to who does it', async () => {
  const asked = await inSpan(tracing.tracer, 'asks', {}, async () => currentTraceparent());
  await inSpan(tracing.tracer, 'pass', {}, async () => {
    const start = (name: string) => () =>
      inSpan(tracing.tracer, name, { links: linksHere() }, async () => undefined);
    await inTraceOf(asked, start('joined'));
    await inTraceOf(null, start('apart'));
  });
  const [asks, pass] = [await sent('asks'), await sent('pass')];
  const link = { traceId: pass.traceId, spanId: pass.spanId };
  expect(await sent('joined')).toMatchObject({
    traceId: asks.traceId,
    parentSpanId: asks.spanId,
    links: [link],
  });
  const apart = await sent('apart');
  expect(apart).toMatchObject({ parentSpanId: '', links: [link] });
  expect(apart.traceId).not.toBe(pass.traceId);
});

test('a failure leaves its code or kind on the span, and never its message', async () => {
  const hold = new SiteHoldError('unreachable', 'https://ada.example/?key=1 does not answer');
  for (const error of [hold, new TypeError('ada@stranger.example')]) {
    await inSpan(tracing.tracer, `fails ${error.name}`, {}, () => Promise.reject(error)).catch(
      () => undefined,
    );
  }
  expect((await sent('fails SiteHoldError')).attributes).toEqual({ 'error.type': 'unreachable' });
  const broken = await sent('fails TypeError');
  expect(broken.attributes).toEqual({ 'error.type': 'TypeError' });
  expect(broken.text).not.toContain('stranger');
});

test('a span that was measured in a workflow is sent with its own id and times', async () => {
  const parent = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), sampled: true };
  const measured = { name: 'workflow', parent, spanId: '3'.repeat(16), startMs: 1_000, endMs: 2_000 };
  tracing.record({ ...measured, attributes: { 'temporal.outcome': 'completed' }, failed: false });
  const span = await sent('workflow');
  expect([span.traceId, span.parentSpanId, span.spanId]).toEqual([
    parent.traceId,
    parent.spanId,
    '3'.repeat(16),
  ]);
  expect(JSON.parse(span.text)).toMatchObject({
    startTimeUnixNano: '1000000000',
    endTimeUnixNano: '2000000000',
  });
});

test('libraries that could trace themselves do not: nobody gets at the tracer but who is given it', async () => {
  trace.getTracer('a library').startSpan('theirs').end();
  await inSpan(tracing.tracer, 'ours', {}, async () => undefined);
  await sent('ours');
  expect(receiver.spans.filter(({ name }) => name === 'theirs')).toEqual([]);
});

test('a line of the log names the trace that it was written in, and none outside of one', async () => {
  await inSpan(tracing.tracer, 'work', {}, async () => logger.info('inside'));
  logger.info('outside');
  const [inside, outside] = lines.slice(-2).map((line) => JSON.parse(line) as Record<string, unknown>);
  const { traceId, spanId } = await sent('work');
  expect(inside).toMatchObject({ trace_id: traceId, span_id: spanId, msg: 'inside' });
  expect(outside).not.toHaveProperty('trace_id');
});
