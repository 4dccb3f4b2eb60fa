import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { ROLES, type Role } from '../../kernel/actor.ts';
import { mayGrant } from '../identity/permissions.ts';
import { revokeKeysOfMaker } from './repository.ts';

/**
 * Revokes the keys that a member made, and those that these keys made; with `above`, only keys of a higher
 * role than that. Answers with their number, and each has its line in the audit log.
 */
export async function revokeKeysMadeBy(
  ctx: RequestContext & { now: Date },
  { member, above }: { member: string; above?: Role },
): Promise<number> {
  const roles = ROLES.filter((role) => above === undefined || !mayGrant(above, role));
  const revoked = await revokeKeysOfMaker(ctx.tx, ctx.scope.tenant, { maker: member, roles, now: ctx.now });
  for (const id of revoked) {
    await recordAudit(ctx, {
      action: 'key.revoked',
      resourceType: 'key',
      resourceId: id,
      details: { member },
    });
  }
  return revoked.length;
}
