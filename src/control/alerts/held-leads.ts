import { sql } from 'drizzle-orm';
import { HOLD_CODES, type HoldCode } from '../../kernel/holds.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { HOLD_ALARMS, type HoldAlarm } from './hold-alarms.ts';
import { afterMs, alertKey, type Finding, type Known, risenBy } from './rules.ts';

/** Leads of one tenant that are held for one reason. */
export type HeldCount = {
  code: HoldCode;
  total: number;
  /** Of these, held since the open alert was last seen. */
  fresh: number;
  newest: Date;
};

const DAY_MS = 86_400_000;
const kind = 'leads_held';

/** Counts a tenant's held leads by reason: those of which no person has said that they are settled. */
export async function countHeldLeads(
  tx: Tx,
  at: { tenant: string; now: Date; known: Known },
): Promise<HeldCount[]> {
  const { rows } = await tx.execute<{ code: HoldCode; total: number; fresh: number; newest: string }>(sql`
    select w.code, count(*)::int as total,
      (count(*) filter (where l.hold_since >= w.seen))::int as fresh, max(l.hold_since)::text as newest
    from jsonb_to_recordset(${JSON.stringify(windowsOf(at))}::jsonb)
        as w(code text, since timestamptz, seen timestamptz)
      join leads l on l.tenant_id = ${at.tenant} and l.hold_code = w.code and l.hold_since >= w.since
        and l.deleted_at is null
    group by w.code`);
  return rows.map((row) => ({ ...row, newest: new Date(row.newest) }));
}

/** From when on the leads of each reason count. */
function windowsOf({ now, known }: { now: Date; known: Known }) {
  return HOLD_CODES.flatMap((code) => {
    const alarm = HOLD_ALARMS[code];
    if (!alarm) return [];
    const key = alertKey({ kind, subject: code });
    const windowMs = alarm.least === 'many' ? now.getTime() - DAY_MS : 0;
    const settledMs = afterMs(known.settled.get(key));
    const since = new Date(Math.max(windowMs, settledMs));
    return [{ code, since, seen: new Date(afterMs(known.open.get(key)?.lastSeenAt)) }];
  });
}

/** What a tenant is told of its held leads. */
export function heldFindings(counts: readonly HeldCount[], many: number): Finding[] {
  return counts.flatMap(({ code, total, fresh, newest }) => {
    const alarm = HOLD_ALARMS[code];
    if (!alarm || total < leastOf(alarm, many)) return [];
    const summary = `${sentence(total, code, alarm)} Then scan them again.`;
    return [{ kind, subject: code, severity: alarm.severity, summary, fresh, seenAt: newest }];
  });
}

/** What who runs the installation is told of the held leads of all tenants: only what nobody else can mend. */
export function heldFindingsOfAll(counts: readonly HeldCount[], many: number, known: Known): Finding[] {
  const byCode = Map.groupBy(counts, ({ code }) => code);
  return [...byCode].flatMap(([code, ofTenants]) => {
    const alarm = HOLD_ALARMS[code];
    if (!alarm?.ofInstallation) return [];
    const total = ofTenants.reduce((sum, one) => sum + one.total, 0);
    const seenAt = new Date(Math.max(...ofTenants.map(({ newest }) => newest.getTime())));
    const key = alertKey({ kind, subject: code });
    const isSettled = seenAt.getTime() < afterMs(known.settled.get(key));
    if (total < leastOf(alarm, many) || isSettled) return [];
    const whose = ofTenants.length === 1 ? 'one tenant' : `${ofTenants.length} tenants`;
    const summary = `${sentence(total, code, alarm)} They are of ${whose}.`;
    const fresh = risenBy(total, known.open.get(key));
    return [{ kind, subject: code, severity: alarm.severity, summary, fresh, seenAt }];
  });
}

const leastOf = ({ least }: HoldAlarm, many: number): number => (least === 'many' ? many : least);

function sentence(total: number, code: HoldCode, { least, advice }: HoldAlarm): string {
  const what = total === 1 ? '1 lead is held' : `${total} leads are held`;
  return `${what} with ${code}${least === 'many' ? ', all of the last day' : ''}. ${advice}`;
}
