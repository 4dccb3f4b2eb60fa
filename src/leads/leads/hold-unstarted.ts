import type { AdmissionHoldCode, Hold } from '../../kernel/holds.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { changeLead, lockLead } from './repository.ts';

/** Says why no scan of a lead was started; its status stays. A lead that was removed meanwhile is left alone. */
export async function holdUnstarted(
  ctx: { tx: Tx; now: Date },
  lead: { tenant: string; id: string },
  hold: Hold<AdmissionHoldCode>,
): Promise<void> {
  if (!(await lockLead(ctx.tx, lead.tenant, lead.id))) return;
  await changeLead(ctx.tx, lead.tenant, lead.id, {
    holdCode: hold.code,
    holdMessage: hold.message,
    holdSince: ctx.now,
  });
}
