import { sql } from 'drizzle-orm';
import { foreignKey, index, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { moment, tenantKey, timestamps, withLeadPolicy } from '../../runtime/database/columns.ts';
import { leads } from '../leads/tables.ts';

/** A person at a lead. */
export const contacts = pgTable(
  'contacts',
  {
    ...tenantKey,
    leadId: uuid().notNull(),
    name: text(),
    email: text(),
    phone: text(),
    linkedinUrl: text(),
    title: text(),
    createdBy: uuid().notNull(),
    ...timestamps,
    deletedAt: moment(),
  },
  (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
    index('contacts_lead').on(t.tenantId, t.leadId),
    uniqueIndex('contacts_email')
      .on(t.tenantId, t.leadId, sql`lower(email)`)
      .where(sql`email is not null and deleted_at is null`),
    foreignKey({ columns: [t.tenantId, t.leadId], foreignColumns: [leads.tenantId, leads.id] }),
    withLeadPolicy('contacts'),
  ],
);
