import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { findPlaybookVersion } from '../../leads/playbooks/repository.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type AuditRow, changeAudit, factsOf, findAudit } from '../audits/repository.ts';
import type { Playbook } from '../playbooks/schema.ts';
import { type Decision, score } from '../scoring/rules.ts';
import { detectSignals } from '../signals/detect.ts';

/** What the workflow needs to know of a score. */
export type ScoredAudit = {
  score: number;
  decision: Decision;
  /** How long the score waits for a person; null when it does not. */
  review_ms: number | null;
};

/** Turns the facts of an audit into signals and a score by its playbook's version, and stores both. */
export async function scoreAudit(ctx: { tx: Tx; now: Date }, input: TriageRoomInput): Promise<ScoredAudit> {
  const audit = await requireAudit(ctx.tx, input);
  const playbook = await playbookOf(ctx.tx, audit);
  const { fetch, page, links, lighthouse } = factsOf(audit);
  if (!fetch || !page) throw new Error(`audit ${audit.id} has no facts to score`);
  const found = detectSignals({
    fetch,
    page,
    links: links ?? null,
    lighthouse: lighthouse ?? null,
    now: ctx.now,
    technologies: playbook.technologies,
  });
  const result = score(found, playbook);
  const signals = found.map((signal, index) => ({ ...signal, points: result.signals[index]?.points ?? 0 }));
  await changeAudit(
    ctx.tx,
    { tenant: input.tenant, id: audit.id },
    {
      signals,
      score: result.score,
      decision: result.decision,
      reasons: result.reasons,
      finalUrl: page.final_url,
      durationMs: scanDurationMs(audit, ctx.now),
    },
  );
  const reviewMs = playbook.review.expires_after_hours * 3_600_000;
  return {
    score: result.score,
    decision: result.decision,
    // A one-off audit has no lead that a person could decide on: its score decides.
    review_ms: result.awaits_person && input.lead_id !== null ? reviewMs : null,
  };
}

/** How long the scan took, without the wait for a person; a reset that comes later does not count. */
export function scanDurationMs(audit: AuditRow, now: Date): number {
  return audit.durationMs ?? now.getTime() - audit.createdAt.getTime();
}

/** The audit a triage works on; throws when it is gone, which no retry mends. */
export async function requireAudit(tx: Tx, input: TriageRoomInput): Promise<AuditRow> {
  const audit = await findAudit(tx, input.tenant, input.audit_id);
  if (!audit) throw new Error(`audit ${input.audit_id} is gone`);
  return audit;
}

/** The playbook version that an audit is weighed by; throws when it was never loaded. */
export async function playbookOf(tx: Tx, audit: AuditRow): Promise<Playbook> {
  const row = await findPlaybookVersion(tx, audit.playbookSlug, audit.playbookVersion);
  if (!row) throw new Error(`playbook ${audit.playbookSlug} ${audit.playbookVersion} is not loaded`);
  return row.config as Playbook;
}
