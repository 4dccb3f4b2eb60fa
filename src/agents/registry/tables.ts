import { integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Room } from '../../kernel/rooms.ts';
import { globalReadPolicy, moment } from '../../runtime/database/columns.ts';

/** Registry of agents; a row never changes, a new version is a new row. */
export const agents = pgTable(
  'agents',
  {
    slug: text().notNull(),
    version: text().notNull(),
    name: text().notNull(),
    description: text().notNull(),
    room: text().$type<Room>().notNull(),
    modelTier: text().$type<'fast' | 'balanced' | 'strategic'>().notNull(),
    /** Stands before each skill's own instructions. */
    systemPrompt: text().notNull(),
    skills: jsonb().$type<string[]>().notNull(),
    tools: jsonb().$type<string[]>().notNull(),
    /** How long one model call may take. */
    timeoutSeconds: integer().notNull(),
    /** How often a model is asked before the offline method answers. */
    retryAttempts: integer().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.slug, t.version] }), globalReadPolicy('agents')],
);
