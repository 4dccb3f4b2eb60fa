import type { AssetRow } from '../../assets/files/repository.ts';
import { type AuditRow, factsOf } from './repository.ts';
import type { AuditView, SignalView } from './schemas.ts';
import { workflowIdOf } from './workflow-id.ts';

/** Makes links that a view needs: addresses of stored files, the Web UI's page of a workflow. */
export type Links = {
  /** Signed and expiring. */
  file(asset: AssetRow): string;
  workflow(workflowId: string): string | null;
};

/** An audit as the API shows it; `files` holds the stored files that it names, by id. */
export function toAuditView(row: AuditRow, files: ReadonlyMap<string, AssetRow>, links: Links): AuditView {
  const workflowId = workflowIdOf(row);
  const { lighthouse } = factsOf(row);
  const scored = row.status !== 'held';
  return {
    id: row.id,
    lead_id: row.leadId,
    run_id: row.runId,
    url: row.url,
    final_url: row.finalUrl,
    status: row.status,
    score: row.score,
    decision: row.decision,
    decided_by: row.decidedBy,
    reasons: row.reasons,
    signals: row.signals as SignalView[],
    lighthouse: lighthouse && scored ? { ...lighthouse.scores, ...lighthouse.metrics } : null,
    screenshots: {
      phone: picture(files.get(row.phoneScreenshotId ?? ''), links),
      desktop: picture(files.get(row.desktopScreenshotId ?? ''), links),
    },
    summary: row.summary ?? null,
    hold: row.holdCode && row.holdMessage ? { code: row.holdCode, message: row.holdMessage } : null,
    playbook: { slug: row.playbookSlug, version: row.playbookVersion },
    agent: { slug: row.agentSlug, version: row.agentVersion },
    agent_run_id: row.agentRunId,
    report_asset_id: row.reportAssetId,
    workflow_id: workflowId,
    workflow_url: links.workflow(workflowId),
    duration_ms: row.durationMs,
    cpu_ms: row.cpuMs,
    cost_micro_usd: row.costMicroUsd,
    created_at: row.createdAt.toISOString(),
    completed_at: row.completedAt?.toISOString() ?? null,
  };
}

function picture(file: AssetRow | undefined, links: Links): AuditView['screenshots']['phone'] {
  return file ? { asset_id: file.id, url: links.file(file) } : null;
}
