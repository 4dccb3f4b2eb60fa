import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../tests/support/app.ts';
import { insertAlert } from '../../tests/support/rows.ts';
import { createTenant, type TestTenant } from '../../tests/support/tenant.ts';
import { type Listening, listen } from '../api/listen.ts';
import { INSTALLATION } from '../control/alerts/rules.ts';

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

/** `agos alerts ...` as a process of the tenant's operator, who has the owner's connection too. */
async function agos(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'agos.mjs'), 'alerts', ...args], {
    env: {
      PATH: process.env.PATH,
      NO_COLOR: '1',
      AGOS_URL: `http://127.0.0.1:${api.port}`,
      AGOS_API_KEY: tenant.keys.operator.key,
      AGOS_DATA_DIR: app.assetsDir,
      DATABASE_ADMIN_URL: app.database.info.adminUrl,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, lines: out.split('\n').filter(Boolean) };
}
const parsed = (lines: string[]) => lines.map((line) => JSON.parse(line));

test('lists open alerts, takes one up and ends it, each with a note', async () => {
  const owner = { tenant: tenant.id, createdBy: tenant.keys.owner.id };
  const [first, second] = [await insertAlert(app.database, owner), await insertAlert(app.database, owner)];
  const taken = await agos('ack', first, '--note', 'I look at it.', '--json');
  expect(taken.code).toBe(0);
  expect(parsed(taken.lines)).toMatchObject([{ id: first, acknowledged_note: 'I look at it.' }]);
  expect((await agos('resolve', second)).code).toBe(0);
  const open = await agos('--json');
  expect(parsed(open.lines)).toMatchObject([{ id: first, status: 'acknowledged' }]);
  expect((await agos('--all')).lines.join('\n')).toContain(second.slice(0, 8));
  expect((await agos('ack', second)).code, 'it has ended').toBe(4);
});

test('--global shows and changes those of the installation, and none of a tenant', async () => {
  const id = await insertAlert(app.database, { tenant: INSTALLATION, createdBy: INSTALLATION });
  expect(parsed((await agos('--global', '--json')).lines)).toMatchObject([{ id, status: 'raised' }]);
  const ended = await agos('resolve', id, '--global', '--note', 'Mended.', '--json');
  expect(parsed(ended.lines)).toMatchObject([{ id, resolution: 'person', resolved_note: 'Mended.' }]);
  expect((await agos('--global')).lines).toEqual(['No alerts.']);
});
