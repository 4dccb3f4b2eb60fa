import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Listening, listen } from '../../src/api/listen.ts';
import { renderReport } from '../../src/triage/report/render.ts';
import { reportModel } from '../../src/triage/report/testing.ts';
import { createTestApp, type TestApp } from '../support/app.ts';
import { createTenant, type TestTenant } from '../support/tenant.ts';

/** What a spreadsheet would run, what a terminal would obey, and what turns text around; `seen` is what stays. */
const HOSTILE = [
  { text: '=HYPERLINK("http://e.x","go")', seen: '=HYPERLINK("http://e.x","go")' },
  { text: `+cmd|' /C calc'!A0`, seen: `+cmd|' /C calc'!A0` },
  { text: '@SUM(1)\t=1+1\r=2+2\n=3+3', seen: '=1+1 =2+2 =3+3' },
  { text: 'cleared\u001b[2J\u001b[1;31mred', seen: 'cleared [2J [1;31mred' },
  { text: '\u001b]8;;http://e.x\u0007link\u001b]8;;\u001b\\', seen: 'link' },
  { text: 'titled\u001b]0;root\u0007', seen: 'titled ]0;root' },
  { text: 'eight\u009b31mbits\u0090', seen: 'eight 31mbits' },
  { text: 'turned\u202etxt\u2066over\u2069\u200f\u061c', seen: 'turned txt over' },
  { text: 'unseen\u200b\u2028lines\u2029\u2060\ufeff', seen: 'unseen  lines' },
];
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const CLI = join(import.meta.dirname, '../../src/cli/agos.mjs');

let app: TestApp;
let api: Listening;
let tenant: TestTenant;
const leads: { id: string; text: string; seen: string }[] = [];
beforeAll(async () => {
  app = await createTestApp();
  tenant = await createTenant(app.database);
  api = await listen(app.app, { hostname: '127.0.0.1', port: 0 });
  for (const hostile of HOSTILE) leads.push({ id: await hostileLead(hostile.text), ...hostile });
});
afterAll(async () => {
  await api?.close();
  await app?.close();
});

test('`agos leads` shows what strangers wrote as text: no control signs and nothing that turns it around', async () => {
  // sabotage: src/cli/leads.ts :: plain(lead.company_name ?? ''), => lead.company_name ?? '',
  // sabotage: src/cli/table.ts :: return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' '); => return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
  const shown = await agos('leads');
  expect(shown.replaceAll('\n', '')).not.toMatch(CONTROLS);
  for (const { id, seen } of leads) {
    const row = shown.split('\n').find((line) => line.includes(id));
    expect(row).toContain(seen);
  }
});

test('`agos lead` shows it so too, with the hold that kept it from its result', async () => {
  // sabotage: src/cli/lead.ts :: ['company', plain(lead.company_name ?? '–')], => ['company', lead.company_name ?? '–'],
  // sabotage: src/cli/lead.ts :: facts.push(['held because', plain(lead.hold.message)]); => facts.push(['held because', lead.hold.message]);
  for (const { id, seen } of leads.slice(3, 8)) {
    const shown = await agos('lead', id);
    expect(shown.replaceAll('\n', '')).not.toMatch(CONTROLS);
    expect(shown.split(seen)).toHaveLength(3);
  }
});

test('`--json` gives the very text that is stored, one line of JSON to a lead', async () => {
  const lines = (await agos('leads', '--json')).trimEnd().split('\n');
  const names = lines.map((line) => JSON.parse(line).company_name);
  expect(names.toSorted()).toEqual(HOSTILE.map(({ text }) => text).toSorted());
  const { id, text } = leads[4]!;
  expect(JSON.parse(await agos('lead', id, '--json'))).toMatchObject({ id, company_name: text });
});

test('contacts are stored as they are', async () => {
  const { headers } = tenant.keys.owner;
  for (const { id, text } of leads) {
    const { body } = await app.request('GET', `/v1/leads/${id}/contacts`, { headers });
    expect(body.data).toMatchObject([{ name: text, title: text }]);
  }
});

test('a report shows it as text', () => {
  // sabotage: src/triage/report/html.ts :: return visible.replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign); => return visible;
  const name = HOSTILE.map(({ text }) => text).join(' ');
  for (const text of [name, ...HOSTILE.map(({ text }) => text)]) {
    const html = renderReport(reportModel({ name: text, summary: { text, generated_by: 'offline' } }));
    expect(html.replaceAll('\n', '')).not.toMatch(CONTROLS);
  }
  expect(renderReport(reportModel({ name: '=1+1' }))).toContain('<bdi>=1+1</bdi>');
  const markup = renderReport(reportModel({ name: '<b onclick="x">&' }));
  expect(markup).toContain('<bdi>&lt;b onclick=&quot;x&quot;&gt;&amp;</bdi>');
});

/** A lead with this text as its company, its contact and the reason of its hold. */
async function hostileLead(text: string): Promise<string> {
  const json = { url: `https://text-${leads.length}.example`, contacts: [{ name: 'A person' }] };
  const { body } = await app.request('POST', '/v1/leads', { headers: tenant.keys.owner.headers, json });
  const { id } = body.lead;
  const { admin } = app.database;
  // Straight into the rows: by whichever way it came, what shows it must not trust it.
  const hold = { hold_code: 'http_error', hold_message: text, hold_since: new Date() };
  await admin`update leads set ${admin({ company_name: text, ...hold })} where id = ${id}`;
  await admin`update contacts set ${admin({ name: text, title: text })} where lead_id = ${id}`;
  return id;
}

/** What a command writes, as a terminal without colours gets it. */
async function agos(...args: string[]): Promise<string> {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    NO_COLOR: '1',
    AGOS_URL: `http://127.0.0.1:${api.port}`,
    AGOS_API_KEY: tenant.keys.owner.key,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], { env });
  return stdout;
}
