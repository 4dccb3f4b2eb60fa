import { bigint, foreignKey, index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { tenants } from '../../access/tenants/tables.ts';
import { leads } from '../../leads/leads/tables.ts';
import { moment, tenantKey, withLeadPolicy } from '../../runtime/database/columns.ts';

/** Kinds of stored files so far. */
export type AssetKind = 'screenshot' | 'report_html' | 'import_file';

/** One stored file. The bytes live in the asset store under tenant and digest. */
export const assets = pgTable(
  'assets',
  {
    ...tenantKey,
    leadId: uuid(),
    kind: text().$type<AssetKind>().notNull(),
    filename: text().notNull(),
    /** SHA-256 of the bytes, hex. */
    digest: text().notNull(),
    mime: text().notNull(),
    sizeBytes: bigint({ mode: 'number' }).notNull(),
    createdBy: uuid().notNull(),
    createdAt: moment().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('assets_lead').on(t.tenantId, t.leadId, t.kind),
    foreignKey({ columns: [t.tenantId], foreignColumns: [tenants.id] }),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('assets'),
  ],
);
