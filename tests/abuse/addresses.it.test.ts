import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../support/app.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';

let app: TestApp;
let tenant: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.close());

const REFUSED: [string, string[]][] = [
  [
    'url_scheme_not_allowed',
    [
      'file:///etc/passwd',
      'data:text/html,x',
      'javascript:alert(1)',
      'chrome://crash',
      'ftp://a.example',
      'FILE:///x',
    ],
  ],
  [
    'url_target_forbidden',
    [
      'http://127.0.0.1/',
      'localhost',
      'http://10.0.0.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://100.64.0.1/',
      'http://[fd00::1]/',
      'http://[fe80::1]/',
      'http://224.0.0.1/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://127.1/',
      'http://[::ffff:7f00:1]/',
      'http://[64:ff9b::7f00:1]/',
      'http://127.0.0.1./',
      'http://localhost./',
      'http://１２７.０.０.１/',
      'http://①②⑦.0.0.1/',
      'http://intranet/',
      'http://db.internal/',
    ],
  ],
  ['url_credentials_not_allowed', ['https://user:pass@a.example/', 'https://a.example@b.example/']],
  ['url_port_not_allowed', ['a.example:22', 'https://a.example:25', 'http://a.example:5432/']],
  [
    'identifier_invalid',
    ['https://a\u202eelpmaxe.example/', 'https://a\u200b.example/', `https://${'a'.repeat(3000)}.example/`],
  ],
  ['url_invalid', ['', ' ', 'http://', 'https://a.example:99999/', 'http://[::1', 'https://a b.example/']],
];
const cases = REFUSED.flatMap(([code, urls]) => urls.map((url) => [url, code] as const));

describe.each([['/v1/leads'], ['/v1/audits']] as const)('%s', (path) => {
  // sabotage: src/runtime/egress/address.ts :: judgeUrl(url, options.isAllowed ?? (() => false), field); =>
  test.each(cases)('%j: 422 %s, and nothing is made or started', async (url, code) => {
    const { status, body } = await app.request('POST', path, {
      headers: tenant.keys.operator.headers,
      json: { url },
    });
    const known = url === '' ? ['validation_failed', code] : [code];
    expect(known).toContain(body.error);
    expect([status, body.details.field]).toEqual([422, 'url']);
  });

  test.each(['args', 'proxy', 'headers', 'browser', 'user_agent', 'allow_targets', 'timeout_ms'])(
    'no %s for the browser can be smuggled in',
    async (field) => {
      const { status, body } = await app.request('POST', path, {
        headers: tenant.keys.operator.headers,
        json: { url: 'https://a.example', [field]: '--no-sandbox' },
      });
      expect([status, body.error, body.details.field]).toEqual([422, 'unknown_field', field]);
    },
  );
});

test('after all of that there is no lead, no run and no audit', async () => {
  const [counts] = await app.database.admin`select (select count(*)::int from leads) as leads,
    (select count(*)::int from runs) as runs, (select count(*)::int from audits) as audits`;
  expect(counts).toEqual({ leads: 0, runs: 0, audits: 0 });
  expect(app.gateway.started).toEqual([]);
});
