import { foreignKey, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import type { Role } from '../../kernel/actor.ts';
import {
  moment,
  systemReadPolicy,
  tenantKey,
  tenantPolicy,
  timestamps,
} from '../../runtime/database/columns.ts';
import { tenants } from '../tenants/tables.ts';

/** API keys: only the hash of the secret is stored, the prefix tells keys apart in lists. */
export const apiKeys = pgTable(
  'api_keys',
  {
    ...tenantKey,
    name: text().notNull(),
    prefix: text().notNull(),
    /** SHA-256 of the whole key, hex; the key itself has 256 random bits, so no slow hash is needed. */
    hash: text().notNull(),
    role: text().$type<Role>().notNull(),
    /** Permissions the key is narrowed to; null means all of its role. */
    scopes: text().array(),
    createdBy: uuid().notNull(),
    lastUsedAt: moment(),
    expiresAt: moment(),
    revokedAt: moment(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    unique('api_keys_hash').on(t.hash),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    tenantPolicy('api_keys'),
    systemReadPolicy('api_keys'),
  ],
);
