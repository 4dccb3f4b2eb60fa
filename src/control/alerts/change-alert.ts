import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type AlertRow, lockAlert, writeMove } from './repository.ts';
import { moveOf } from './rules.ts';

export type AlertMove = { id: string; to: 'acknowledged' | 'resolved'; note: string | null };

/** Acknowledges or resolves an alert of the caller's tenant, audited; what is so already stays with its first note. */
export async function changeAlert(
  ctx: RequestContext & { now: Date },
  input: AlertMove,
): Promise<{ row: AlertRow; changed: boolean }> {
  const { tx, scope, now } = ctx;
  const moved = await moveAlert(tx, { ...input, tenant: scope.tenant, by: scope.actor.id, now });
  if (moved.changed) {
    await recordAudit(ctx, {
      action: `alert.${input.to}`,
      resourceType: 'alert',
      resourceId: input.id,
      details: {
        kind: moved.row.kind,
        subject: moved.row.subject,
        note: input.note,
        ...(input.to === 'resolved' && { resolution: 'person' }),
      },
    });
  }
  return moved;
}

/** Moves one alert for a person; throws `not_found`, and `conflict` when it has ended. */
export async function moveAlert(
  tx: Tx,
  move: AlertMove & { tenant: string; by: string; now: Date },
): Promise<{ row: AlertRow; changed: boolean }> {
  const alert = await lockAlert(tx, move.tenant, move.id);
  if (!alert) throw new AgosError('not_found', 'There is no such alert.');
  switch (moveOf(alert.status, move.to)) {
    case 'stands':
      return { row: alert, changed: false };
    case 'refused':
      throw new AgosError(
        'conflict',
        'This alert is resolved. If its cause comes again, a new one is raised.',
      );
    case 'change':
      return { row: await writeMove(tx, alert, move), changed: true };
  }
}
