import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../tests/support/app.ts';
import { insertWebhookDelivery, insertWebhookEndpoint } from '../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../tests/support/tenant.ts';
import { type Listening, listen } from '../api/listen.ts';

let app: TestApp;
let api: Listening;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  api = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  tenant = await createTenant(app.database);
});
afterAll(async () => {
  await api?.close();
  await app?.close();
});

async function agos(...args: string[]): Promise<string> {
  const run = promisify(execFile);
  const env = {
    AGOS_URL: `http://127.0.0.1:${api.port}`,
    AGOS_API_KEY: tenant.keys.analyst.key,
    NO_COLOR: '1',
  };
  const file = join(import.meta.dirname, 'agos.mjs');
  const { stdout } = await run(process.execPath, [file, 'webhooks', ...args], { env });
  return stdout;
}

test('webhooks lists endpoints and their deliveries, as a table and as lines of JSON', async () => {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const endpoint = await insertWebhookEndpoint(app.database, owner, 'https://hooks.example/a\u001b[31m');
  const delivery = await insertWebhookDelivery(app.database, owner, endpoint);
  const [endpoints, deliveries] = await Promise.all([
    agos(),
    agos('--deliveries', '--status', 'failed', '--json'),
  ]);
  expect(endpoints).toMatch(new RegExp(`${endpoint}.+enabled.+every event.+https://hooks.example/a`));
  expect(endpoints, "a stranger's text moves no cursor").not.toContain('\u001b');
  expect(JSON.parse(deliveries)).toMatchObject({ id: delivery, endpoint_id: endpoint, error: 'http_status' });
}, 60_000);
