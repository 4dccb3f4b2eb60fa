import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { leads } from '../../leads/leads/tables.ts';
import { moment, tenantKey, withLeadPolicy } from '../../runtime/database/columns.ts';
import { audits } from '../../triage/audits/tables.ts';
import type { StorageProvider } from './port.ts';

/** Kinds of stored files so far. */
export type AssetKind = 'screenshot' | 'report_html' | 'import_file';

/**
 * What versions count in: files of one kind and name, of one lead, or of an audit that keeps no lead.
 * Nulls are distinct, so a file of neither, such as an import, is always the first version.
 */
const versioned = (t: { leadId: AnyPgColumn; auditId: AnyPgColumn }) =>
  sql`coalesce(${t.leadId}, ${t.auditId})`;

/** One version of a stored file. The bytes lie in the storage. */
export const assets = pgTable(
  'assets',
  {
    ...tenantKey,
    leadId: uuid(),
    /** The audit that it was made for. */
    auditId: uuid(),
    kind: text().$type<AssetKind>().notNull(),
    filename: text().notNull(),
    /** SHA-256 of the bytes, hex. */
    digest: text().notNull(),
    mime: text().notNull(),
    sizeBytes: bigint({ mode: 'number' }).notNull(),
    /** Where the bytes were put; the same path serves after they were moved to another storage. */
    storageProvider: text().$type<StorageProvider>().notNull(),
    storagePath: text().notNull(),
    version: integer().notNull().default(1),
    isLatest: boolean().notNull().default(true),
    createdBy: uuid().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('assets_lead').on(t.tenantId, t.leadId, t.kind),
    uniqueIndex('assets_one_latest').on(t.tenantId, versioned(t), t.kind, t.filename).where(sql`is_latest`),
    uniqueIndex('assets_version').on(t.tenantId, versioned(t), t.kind, t.filename, t.version),
    index('assets_storage_path').on(t.tenantId, t.storagePath),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    foreignKey({ columns: [t.tenantId, t.auditId], foreignColumns: [audits.tenantId, audits.id] }),
    withLeadPolicy('assets'),
  ],
);
