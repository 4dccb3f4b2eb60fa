import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { AgosError } from '../../kernel/errors.ts';
import type { PageOf, PageRequest } from '../../runtime/database/keyset.ts';

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

/** What a cursor belongs to: it is worth nothing in another list, another tenant or another order. */
export type CursorScope = { list: string; tenant: string };

/** Opens and seals the cursors of one list of one tenant. */
export type Paging = {
  /** The page that a query asks for; throws `cursor_invalid` for a cursor that is not ours. */
  open<Sort extends string>(query: PageQuery<Sort>): PageRequest<Sort>;
  /** The list's answer: views of the rows and the cursor of the next page, null on the last. */
  seal<Row, View>(
    page: PageOf<Row>,
    request: PageRequest,
    view: (row: Row) => View,
  ): { data: View[]; next_cursor: string | null };
};

export type PageQuery<Sort extends string> = {
  limit: number;
  cursor?: string | undefined;
  sort: SortWord<Sort>;
};
/** A sort column; `-` in front turns the order around. */
export type SortWord<Sort extends string> = Sort | `-${Sort}`;

/** Query fields of a list: `limit`, `cursor` and `sort` out of an allow-list, whose first word is the default. */
export function pageFields<const Sort extends string>(sorts: readonly [SortWord<Sort>, ...Sort[]]) {
  const [preferred] = sorts;
  const names = [...new Set(sorts.map((sort) => sort.replace(/^-/, '') as Sort))];
  const words = names.flatMap((name): SortWord<Sort>[] => [name, `-${name}`]);
  return {
    limit: z
      .string()
      .optional()
      .transform((text, context) => {
        if (text === undefined) return DEFAULT_LIMIT;
        if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LIMIT) return Number(text);
        refuse(context, 'page_invalid', `"limit" is a number from 1 to ${MAX_LIMIT}`);
        return z.NEVER;
      })
      .openapi({ type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT }),
    cursor: z.string().optional().openapi({ description: '`next_cursor` of the page before.' }),
    sort: z
      .string()
      .optional()
      .transform((text, context): SortWord<Sort> => {
        if (text === undefined) return preferred;
        const known = words.find((word) => word === text);
        if (known) return known;
        refuse(context, 'sort_not_allowed', `"sort" is one of: ${words.join(', ')}`);
        return z.NEVER;
      })
      .openapi({ type: 'string', enum: words, default: preferred }),
  };
}

/** The answer of a list. */
export const pageOf = <View extends z.ZodType>(view: View) =>
  z.strictObject({ data: z.array(view), next_cursor: z.string().nullable() });

/** Cursors that nobody else can make: position and scope under a keyed hash of the server's secret. */
export function createPaging(secret: string, scope: CursorScope): Paging {
  const sealed = (payload: string, word: string): string => {
    const content = JSON.stringify(['cursor', scope.list, scope.tenant, word, payload]);
    const mac = createHmac('sha256', secret).update(content).digest().subarray(0, 16);
    return `${payload}.${mac.toString('base64url')}`;
  };

  return {
    open: <Sort extends string>(query: PageQuery<Sort>): PageRequest<Sort> => {
      const direction = query.sort.startsWith('-') ? 'desc' : 'asc';
      const sort = query.sort.replace(/^-/, '') as Sort;
      const request = { limit: query.limit, sort, direction } as const;
      if (query.cursor === undefined) return { ...request, after: null };
      const [payload = ''] = query.cursor.split('.', 1);
      if (!isSame(query.cursor, sealed(payload, query.sort))) throw cursorInvalid();
      const [key, id] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, string];
      return { ...request, after: { key, id } };
    },
    seal: (page, request, view) => {
      const data = page.rows.map(view);
      if (!page.next) return { data, next_cursor: null };
      const payload = Buffer.from(JSON.stringify([page.next.key, page.next.id])).toString('base64url');
      const word = request.direction === 'desc' ? `-${request.sort}` : request.sort;
      return { data, next_cursor: sealed(payload, word) };
    },
  };
}

/** Compares whole texts: base64url has several spellings for the same bytes. */
function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function cursorInvalid(): AgosError {
  return new AgosError('cursor_invalid', 'This cursor is not one of this list: begin without a cursor.', {
    field: 'cursor',
  });
}

function refuse(context: z.RefinementCtx, code: string, message: string): void {
  context.addIssue({ code: 'custom', params: { code }, message });
}
