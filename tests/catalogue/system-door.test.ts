import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SYSTEM_PURPOSES, type SystemPurpose } from '../../src/runtime/database/database.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The one file that may open the second door for each purpose. */
const CALL_SITES: Record<SystemPurpose, RegExp> = {
  key_by_hash: /^src\/access\/keys\/verify-key\.ts$/,
  members_by_identity: /^src\/access\/identity\/authenticate\.ts$/,
  sso_of_tenant: /^src\/access\/sso\/repository\.ts$/,
  unmarked_runs: /^src\/journal\/runs\/repository\.ts$/,
  outbox_lag: /^src\/journal\/runs\/repository\.ts$/,
  open_runs: /^src\/journal\/runs\/repository\.ts$/,
  undelivered_cancels: /^src\/journal\/runs\/repository\.ts$/,
  audits_in_flight: /^src\/triage\/audits\/repository\.ts$/,
  agents_at_work: /^src\/triage\/audits\/repository\.ts$/,
  batches_in_flight: /^activities\/leads\/reconcile-batches\.ts$/,
  kill_switches_on: /^src\/control\/kill-switch\/repository\.ts$/,
  stale_reservations: /^src\/control\/spend\/repository\.ts$/,
  tenants_of_a_month: /^src\/control\/quotas\/open-month\.ts$/,
  webhook_tenants: /^src\/control\/webhooks\/repository\.ts$/,
  tenants_to_watch: /^src\/control\/alerts\/evaluate\.ts$/,
  tenants_to_forget_of: /^src\/control\/retention\/forget-old\.ts$/,
  spend_of_all: /^src\/control\/spend\/repository\.ts$/,
};

/** The doors themselves, and the same doors observed. */
const DOORS = /^src\/runtime\/(database\/database|telemetry\/\w+-database)\.ts$/;

async function callSites(): Promise<{ file: string; purpose: string }[]> {
  const found: { file: string; purpose: string }[] = [];
  for await (const file of glob('{src,activities,workflows,temporal}/**/*.ts', { cwd: ROOT })) {
    if (file.endsWith('.test.ts') || DOORS.test(file)) continue;
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, purpose] of text.matchAll(/withSystem(?:<[^(]*>)?\(\s*['"`]?([^'"`,)\s]*)/g)) {
      found.push({ file: file.replaceAll('\\', '/'), purpose: purpose ?? '' });
    }
  }
  return found;
}

test('the second door is opened for the known purposes only, each in one place', async () => {
  const sites = await callSites();
  expect(sites.length, 'the search finds the call sites at all').toBeGreaterThanOrEqual(4);
  for (const { file, purpose } of sites) {
    const allowed = CALL_SITES[purpose as keyof typeof CALL_SITES];
    expect(
      allowed,
      `${file} opens the second door for "${purpose}", which is no known purpose`,
    ).toBeDefined();
    expect(file, `${purpose} has its own place`).toMatch(allowed);
  }
  const purposes = sites.map(({ purpose }) => purpose);
  expect(new Set(purposes).size, `each once: ${purposes.join(', ')}`).toBe(purposes.length);
  expect(Object.keys(CALL_SITES)).toEqual(Object.keys(SYSTEM_PURPOSES));
});

test('nothing but the two doors and the administrator’s commands talks to the database', async () => {
  const allowed = /^src\/(runtime\/database|stack|cli|access\/tenants\/create-tenant)/;
  for await (const file of glob('{src,activities,workflows,temporal}/**/*.ts', { cwd: ROOT })) {
    if (file.endsWith('.test.ts') || allowed.test(file)) continue;
    const text = readFileSync(join(ROOT, file), 'utf8');
    expect(text, `${file} must go through the doors`).not.toMatch(
      /from 'postgres'|from 'drizzle-orm\/postgres-js/,
    );
  }
});
