import { startTestServer } from '/work/main/tests/temporal/support/server.ts';
import { newPayloadKey, startTestWorker, testClient } from '/work/main/tests/temporal/support/worker.ts';

const s = await startTestServer();
const w = await startTestWorker({
  target: s.target,
  payloadKeys: newPayloadKey('k1'),
  activities: {},
  queues: ['workflows'],
});
const c = testClient(s.target, newPayloadKey('k2'));
const t0 = Date.now();
await c.workflow.start('failing', { workflowId: 'x', taskQueue: 'workflows', args: [{ how: 'x' }] });
let last = 0;
while (Date.now() - t0 < 400_000) {
  const d = await c.workflow.getHandle('x').describe();
  const a = d.raw.pendingWorkflowTask?.attempt ?? 0;
  if (a !== last) {
    console.log(((Date.now() - t0) / 1000).toFixed(1), a, d.historyLength);
    last = a;
  }
  if (a > 11) break;
  await new Promise((r) => setTimeout(r, 200));
}
await w.stop();
await c.connection.close();
await s.stop();
