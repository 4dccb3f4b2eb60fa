import { boolean, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Room } from '../../kernel/rooms.ts';
import { globalReadPolicy, moment } from '../../runtime/database/columns.ts';

/** Validated configuration of a room's steps; a row never changes, a new version is a new row. */
export const playbooks = pgTable(
  'playbooks',
  {
    slug: text().notNull(),
    version: text().notNull(),
    room: text().$type<Room>().notNull(),
    name: text().notNull(),
    config: jsonb().$type<Record<string, unknown>>().notNull(),
    industryTags: text().array().notNull(),
    priority: integer().notNull(),
    isDefault: boolean().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.slug, t.version] }), globalReadPolicy('playbooks')],
);
