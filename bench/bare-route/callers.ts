import type postgres from 'postgres';
import { makeTenant } from '../harness/database.ts';

/** A tenant that asks; every domain of its leads begins with its mark. */
export type Caller = { id: string; key: string; mark: string };

const TENANTS = 50;
const LEADS = 200;
/** Rows of one answer. */
export const ROWS = 20;

/** Fifty tenants, each with leads as imports and scans leave them. */
export async function makeCallers(admin: postgres.Sql): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (let number = 1; number <= TENANTS; number += 1) {
    const mark = `t${String(number).padStart(3, '0')}-`;
    const { id, key } = await makeTenant(admin, `Tenant ${number}`);
    await admin`insert into leads (tenant_id, id, url, domain, company_name, industry, notes, metadata, source, status,
        score, reasons, created_by, created_at)
      select ${id}, gen_random_uuid(), 'https://' || ${mark} || n || '.example/', ${mark} || n || '.example',
        'Company ' || n, 'bakery', 'Found in the list of ' || n, jsonb_build_object('city', 'Town ' || n), 'import',
        'qualified', n % 100, '["The page has no title.", "Texts are too small on a phone."]'::jsonb, ${id},
        now() - n * interval '1 minute'
      from generate_series(1, ${LEADS}) n`;
    callers.push({ id, key, mark });
  }
  await admin`analyze leads`;
  return callers;
}
