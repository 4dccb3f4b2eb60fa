import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { expect, inject, onTestFinished, test } from 'vitest';
import { newId } from '../../runtime/ids.ts';
import { createTestDatabase } from '../../stack/testing.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../migrations');
const VERSIONS = /versions_of_assets\.sql$/;

function statementsOf(file: string): string[] {
  return readFileSync(join(MIGRATIONS, file), 'utf8').split('--> statement-breakpoint');
}

test('files of before versions are numbered by their time, one latest for each lead and name, and keep their bytes', async () => {
  const database = await createTestDatabase(inject('testDatabase').server);
  const sql = postgres(database.info.adminUrl, { max: 1, onnotice: () => undefined });
  onTestFinished(async () => {
    await sql.end({ timeout: 5 });
    await database.drop();
  });
  await sql`create extension if not exists pg_trgm`;
  const files = readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const at = files.findIndex((name) => VERSIONS.test(name));
  for (const file of files.slice(0, at))
    for (const statement of statementsOf(file)) await sql.unsafe(statement);
  const [tenant, lead] = [newId(), newId()];
  await sql`alter table leads no force row level security`;
  await sql`alter table assets no force row level security`;
  await sql`insert into tenants ${sql({ id: tenant, name: 'Acme' })}`;
  await sql`insert into leads ${sql({ tenant_id: tenant, id: lead, url: 'https://a.example/', domain: 'a.example', source: 'api', created_by: newId() })}`;
  const digest = 'ab'.repeat(32);
  const insert = (leadId: string | null, day: number) =>
    sql`insert into assets ${sql({ tenant_id: tenant, id: newId(), lead_id: leadId, kind: 'report_html', filename: 'report.html', digest, mime: 'text/html', size_bytes: 1, created_by: newId(), created_at: `2026-11-0${day}` })}`;
  for (const day of [2, 1, 3]) await insert(lead, day);
  for (const day of [4, 5]) await insert(null, day);
  await sql`alter table leads force row level security`;
  await sql`alter table assets force row level security`;
  await sql.begin(async (tx) => {
    for (const statement of statementsOf(files[at]!)) await tx.unsafe(statement);
  });
  await sql`alter table assets no force row level security`;
  const rows =
    await sql`select version, is_latest, storage_provider, storage_path from assets order by created_at`;
  expect(rows.map((row) => [row.version, row.is_latest])).toEqual([
    [1, false],
    [2, false],
    [3, true],
    [1, true],
    [1, true],
  ]);
  expect(rows[0]).toMatchObject({ storage_provider: 'folder', storage_path: `${tenant}/ab/${digest}` });
});
