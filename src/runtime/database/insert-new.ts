import { sql } from 'drizzle-orm';
import { toSnakeCase } from 'drizzle-orm/casing';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Tx } from './transactions.ts';

/**
 * Inserts the rows that do not stand in any other one's way, in their order; all have the fields of the first one.
 * However many they are, they travel as one value of one statement: Drizzle's own insert makes a parameter of each
 * field, which costs more than the database's work on it. Texts have to be what `storableText` lets through.
 */
export async function insertNew<Table extends PgTable>(
  tx: Tx,
  table: Table,
  rows: readonly Table['$inferInsert'][],
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const named = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([field, value]) => [toSnakeCase(field), value])),
  );
  const columns = sql.join(
    Object.keys(first).map((field) => sql.identifier(toSnakeCase(field))),
    sql`, `,
  );
  await tx.execute(sql`insert into ${table} (${columns})
    select ${columns} from jsonb_populate_recordset(null::${table}, ${JSON.stringify(named)}::jsonb)
    on conflict do nothing`);
}
