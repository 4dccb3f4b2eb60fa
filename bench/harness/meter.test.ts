import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { metered } from './meter.ts';

const BUSY = `{
  const used = () => { const { user, system } = process.cpuUsage(); return user + system; };
  for (const from = used(); used() < from + 400_000; ) Math.hypot(1, 2);
}`;
/** Works when it is told to, itself and by a child that ends. */
const PARENT = `process.on('message', () => {
  ${BUSY}
  require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(BUSY)}]);
  process.send('done');
});`;

test('CPU time and memory of a process and of a child that ended are counted, those of others are not', async () => {
  const parent = fork('-e', [PARENT], { execArgv: [] });
  await once(parent, 'spawn');
  const { usage } = await metered(
    () => [parent.pid!],
    async () => {
      parent.send('work');
      await once(parent, 'message');
      for (let at = performance.now(); performance.now() < at + 1_000; ) Math.hypot(1, 2);
    },
  );
  parent.kill();
  expect(usage.cpu_s).toBeGreaterThan(0.75);
  expect(usage.cpu_s).toBeLessThan(1.6);
  expect(usage.peak_mb).toBeGreaterThan(5);
  expect(usage.wall_s).toBeGreaterThan(1.4);
});
