import { and, type Column, type SQL, sql } from 'drizzle-orm';

/** Columns that a list may be sorted by: an expression that is never null, and its SQL type. */
export type SortColumns<Name extends string = string> = Record<
  Name,
  { by: Column | SQL; type: 'uuid' | 'numeric' | 'timestamptz' | 'text' | 'integer' | 'bigint' }
>;

/** One page of a list: how many rows, in which order, after which row. */
export type PageRequest<Name extends string = string> = {
  limit: number;
  sort: Name;
  direction: 'asc' | 'desc';
  after: { key: string; id: string } | null;
};

export type Keyset = { key: SQL<string>; after: SQL | undefined; orderBy: SQL[]; limit: number };

/**
 * The SQL of one page. The sort key travels as the database's own text: a JavaScript date would lose
 * microseconds, and rows with them. It reads one row more than the page, which tells whether more follow.
 */
export function keyset<Name extends string>(
  page: PageRequest<Name>,
  sorts: SortColumns<Name>,
  id: Column,
): Keyset {
  const { by, type } = sorts[page.sort];
  const direction = sql.raw(page.direction);
  const than = sql.raw(page.direction === 'asc' ? '>' : '<');
  return {
    key: sql<string>`(${by})::text`,
    after: page.after
      ? and(sql`(${by}, ${id}) ${than} (${page.after.key}::${sql.raw(type)}, ${page.after.id}::uuid)`)
      : undefined,
    orderBy: [sql`${by} ${direction}`, sql`${id} ${direction}`],
    limit: page.limit + 1,
  };
}

export type PageOf<Row> = { rows: Row[]; next: { key: string; id: string } | null };

/** Splits what a keyset query returned into the page and the position of its last row. */
export function toPage<Row extends { id: string }>(
  found: { row: Row; key: string }[],
  page: PageRequest,
): PageOf<Row> {
  const shown = found.slice(0, page.limit);
  const last = found.length > page.limit ? shown.at(-1) : undefined;
  return { rows: shown.map(({ row }) => row), next: last ? { key: last.key, id: last.row.id } : null };
}
