const PAGE = 500;

/** Reads every row of a list that is paged by id; no single answer of the database gets large. */
export async function allPages<Row extends { id: string }>(
  read: (page: { afterId: string | undefined; limit: number }) => Promise<Row[]>,
): Promise<Row[]> {
  const all: Row[] = [];
  for (;;) {
    const page = await read({ afterId: all.at(-1)?.id, limit: PAGE });
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
