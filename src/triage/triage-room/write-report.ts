import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { findAssets } from '../../assets/files/repository.ts';
import type { AssetStore } from '../../assets/files/store.ts';
import { systemScope } from '../../kernel/actor.ts';
import type { Hold } from '../../kernel/holds.ts';
import { findLead } from '../../leads/leads/repository.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { type AuditRow, changeAudit, factsOf, findAudit } from '../audits/repository.ts';
import type { SignalView } from '../audits/schemas.ts';
import type { ReportModel, ReportPicture } from '../report/model.ts';
import { renderReport } from '../report/render.ts';
import { decidedReasons } from '../scoring/decided.ts';
import type { Decision } from '../scoring/rules.ts';
import type { Signal } from '../signals/types.ts';
import { playbookOf, scanDurationMs } from './score-audit.ts';

/** What the report says of the end: a decision, a wait for a person, or a hold. */
export type ReportEnd =
  | { decision: Decision; decided_by: 'score' | 'person' | 'expiry'; reason: string | null }
  | { awaiting_until: string }
  | { hold: Hold };

type ReportDeps = { db: Database; clock: Clock; assets: AssetStore };

/**
 * Writes the report of an audit as a new file and makes it the audit's; nothing when no audit was opened, or when one
 * that is to be held has its result.
 */
export async function writeAuditReport(
  deps: ReportDeps,
  input: TriageRoomInput,
  end: ReportEnd,
): Promise<void> {
  const scope = systemScope(input.tenant, input.principal_id);
  const read = await deps.db.withTenant(scope, (tx) => readReport(tx, input));
  // A result that came before the hold keeps its report.
  if (!read || ('hold' in end && read.audit.status === 'completed')) return;
  const pictures = 'hold' in end ? NO_PICTURES : await readPictures(deps, read.audit);
  const model = toModel(read, pictures, end, deps.clock.now());
  const bytes = new TextEncoder().encode(renderReport(model));
  const file = await deps.assets.put({ tenant: input.tenant, mime: 'text/html', bytes });
  await deps.db.withTenant(scope, async (tx) => {
    const asset = await deps.assets.record(tx, file, {
      leadId: input.lead_id,
      auditId: input.audit_id,
      kind: 'report_html',
      filename: 'report.html',
      createdBy: input.principal_id,
    });
    await changeAudit(tx, { tenant: input.tenant, id: input.audit_id }, { reportAssetId: asset.id });
  });
}

type Read = {
  audit: AuditRow;
  name: string | null;
  playbook: { name: string; threshold: number };
};

const NO_PICTURES = { phone: null, desktop: null };

async function readReport(tx: Tx, input: TriageRoomInput): Promise<Read | null> {
  const audit = await findAudit(tx, input.tenant, input.audit_id);
  if (!audit) return null;
  const lead = input.lead_id ? await findLead(tx, input.tenant, input.lead_id) : null;
  const { name, threshold } = await playbookOf(tx, audit);
  return { audit, name: lead?.companyName ?? null, playbook: { name, threshold } };
}

async function readPictures(deps: ReportDeps, audit: AuditRow): Promise<ReportModel['screenshots']> {
  const { phoneScreenshotId: phone, desktopScreenshotId: desktop, tenantId } = audit;
  const ids = [phone, desktop].filter((id) => id !== null);
  const files = await deps.db.withTenant(systemScope(tenantId, audit.createdBy), (tx) =>
    findAssets(tx, tenantId, ids),
  );
  const read = async (id: string | null): Promise<ReportPicture | null> => {
    const file = files.find((one) => one.id === id);
    return file ? { mime: 'image/jpeg', bytes: await deps.assets.read(file) } : null;
  };
  return { phone: await read(phone), desktop: await read(desktop) };
}

function toModel(
  read: Read,
  screenshots: ReportModel['screenshots'],
  end: ReportEnd,
  now: Date,
): ReportModel {
  const { audit, name, playbook } = read;
  const hold = 'hold' in end ? end.hold : null;
  const { lighthouse } = factsOf(audit);
  return {
    name,
    requested_url: audit.url,
    final_url: audit.finalUrl,
    scanned_at: audit.createdAt,
    duration_ms: scanDurationMs(audit, now),
    score: hold ? null : audit.score,
    threshold: playbook.threshold,
    decision: 'decision' in end ? end.decision : null,
    decided_by: 'decision' in end ? end.decided_by : null,
    awaiting_until: 'awaiting_until' in end ? new Date(end.awaiting_until) : null,
    reasons: hold ? [] : reasonsOf(audit, end),
    signals: hold ? [] : (audit.signals as (Signal & Pick<SignalView, 'points'>)[]),
    lighthouse: hold ? null : (lighthouse ?? null),
    summary: hold ? null : (audit.summary ?? null),
    screenshots,
    hold,
    playbook: { name: playbook.name, slug: audit.playbookSlug, version: audit.playbookVersion },
  };
}

/** The report is written before the end is, so who decided is not among the stored reasons yet. */
function reasonsOf(audit: AuditRow, end: ReportEnd): string[] {
  if (!('decision' in end)) return audit.reasons;
  const { decision, decided_by: decidedBy, reason } = end;
  return decidedReasons(audit.reasons, { decision, decidedBy, reason });
}
