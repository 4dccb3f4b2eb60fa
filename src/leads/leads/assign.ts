import { and, eq, isNull } from 'drizzle-orm';
import { members } from '../../access/members/tables.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';

/** Throws `validation_failed` unless the id is that of a present member of the tenant. */
export async function requireMember(tx: Tx, tenant: string, id: string): Promise<void> {
  const [row] = await tx
    .select({ id: members.id })
    .from(members)
    .where(and(eq(members.tenantId, tenant), eq(members.id, id), isNull(members.removedAt)));
  if (row) return;
  throw new AgosError('validation_failed', 'There is no such member to assign the lead to.', {
    field: 'assigned_to',
  });
}
