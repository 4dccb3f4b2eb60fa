import { recordAudit } from '../../journal/audit-log/record.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import { endKillSwitch, insertKillSwitch, type KillSwitchRow } from './repository.ts';

/** Stops the tenant's work; a switch that is on already stays as it is, with its reason. */
export async function turnOn(
  ctx: RequestContext,
  input: { reason: string },
): Promise<{ row: KillSwitchRow; created: boolean }> {
  const { tx, scope } = ctx;
  const asked = { tenantId: scope.tenant, reason: input.reason, turnedOnBy: scope.actor.id };
  const { row, created } = await insertKillSwitch(tx, asked);
  if (created) await record(ctx, 'kill_switch.turned_on', row.id, input.reason);
  return { row, created };
}

/** Lets the tenant's work begin again; nothing that was held starts by itself. Null when the switch was not on. */
export async function turnOff(
  ctx: RequestContext,
  input: { reason: string | null },
): Promise<KillSwitchRow | null> {
  const { tx, scope } = ctx;
  const row = await endKillSwitch(tx, scope.tenant, { by: scope.actor.id, reason: input.reason });
  if (row) await record(ctx, 'kill_switch.turned_off', row.id, input.reason);
  return row;
}

function record(ctx: RequestContext, action: string, id: string, reason: string | null): Promise<void> {
  return recordAudit(ctx, { action, resourceType: 'kill_switch', resourceId: id, details: { reason } });
}
