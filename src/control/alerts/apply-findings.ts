import { recordAudit } from '../../journal/audit-log/record.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { endAlert, insertAlert, noteSeen } from './repository.ts';
import { type AlertKind, changesOf, type Finding, INSTALLATION, type Known } from './rules.ts';

type Ctx = { tx: Tx; now: Date; warn(message: string, about: Record<string, unknown>): void };
type Look = {
  tenant: string;
  known: Known;
  findings: readonly Finding[];
  looked: ReadonlySet<AlertKind>;
};

/** Writes what a pass has found of one tenant, audited, in its transaction; doing it again changes nothing. */
export async function applyFindings(ctx: Ctx, look: Look): Promise<{ raised: number; resolved: number }> {
  const { tx, now } = ctx;
  const { tenant } = look;
  const changes = changesOf(look.known.open, look.findings, look.looked);
  let raised = 0;
  let resolved = 0;
  for (const finding of changes.raise) {
    const row = await insertAlert(tx, { tenant, finding, now });
    if (!row) continue;
    raised += 1;
    await record(ctx, tenant, { action: 'alert.raised', id: row.id, about: finding });
  }
  for (const update of changes.update) await noteSeen(tx, tenant, update);
  for (const alert of changes.resolve) {
    if (!(await endAlert(tx, { tenant, id: alert.id, now }))) continue;
    resolved += 1;
    await record(ctx, tenant, { action: 'alert.resolved', id: alert.id, about: alert });
  }
  return { raised, resolved };
}

type Change = {
  action: 'alert.raised' | 'alert.resolved';
  id: string;
  about: { kind: AlertKind; subject: string; summary: string };
};

/** A tenant's audit log; the installation has none, and its operators read the worker's log. */
async function record(ctx: Ctx, tenant: string, { action, id, about }: Change): Promise<void> {
  const { kind, subject, summary } = about;
  if (tenant === INSTALLATION) {
    ctx.warn(action, { alert_id: id, kind, subject, summary });
    return;
  }
  const scope = systemScope(tenant, tenant);
  const details = { kind, subject, ...(action === 'alert.resolved' && { resolution: 'cause_gone' }) };
  const request = { tx: ctx.tx, scope, requestId: null, address: null };
  await recordAudit(request, { action, resourceType: 'alert', resourceId: id, details });
}
