import { z } from '@hono/zod-openapi';
import { HOLD_CODES } from '../../kernel/holds.ts';
import { SIGNAL_CODES } from '../signals/codes.ts';

const evidence = z.strictObject({
  selector: z.string().nullable(),
  snippet: z.string().nullable(),
  region: z
    .strictObject({
      screenshot: z.enum(['phone', 'desktop']),
      x: z.number(),
      y: z.number(),
      width: z.number(),
      height: z.number(),
    })
    .nullable(),
  text: z.string(),
});

/** One signal as it is shown: found, not found, or `null` where it could not be told. */
export const signalView = z.strictObject({
  code: z.enum(SIGNAL_CODES),
  detected: z.boolean().nullable(),
  value: z.unknown(),
  points: z.number(),
  evidence: z.array(evidence),
});

const figure = z.number().nullable();
export const lighthouseView = z.strictObject({
  performance: figure,
  accessibility: figure,
  best_practices: figure,
  seo: figure,
  fcp_ms: figure,
  lcp_ms: figure,
  tbt_ms: figure,
  cls: figure,
  speed_index_ms: figure,
});

const screenshot = z.strictObject({ asset_id: z.uuid(), url: z.url() }).nullable();

export const auditView = z
  .strictObject({
    id: z.uuid(),
    lead_id: z.uuid().nullable(),
    run_id: z.uuid(),
    url: z.string(),
    final_url: z.string().nullable(),
    status: z.enum(['running', 'awaiting', 'completed', 'held']),
    score: z.number().nullable(),
    decision: z.enum(['qualified', 'disqualified']).nullable(),
    decided_by: z.enum(['score', 'person', 'expiry']).nullable(),
    reasons: z.array(z.string()),
    signals: z.array(signalView),
    lighthouse: lighthouseView.nullable(),
    screenshots: z.strictObject({ phone: screenshot, desktop: screenshot }),
    summary: z
      .strictObject({
        text: z.string(),
        generated_by: z.string(),
        instead_of_model: z.string().optional(),
      })
      .nullable(),
    hold: z.strictObject({ code: z.enum(HOLD_CODES), message: z.string() }).nullable(),
    playbook: z.strictObject({ slug: z.string(), version: z.string() }),
    agent: z.strictObject({ slug: z.string(), version: z.string() }),
    agent_run_id: z.uuid().nullable(),
    report_asset_id: z.uuid().nullable(),
    workflow_id: z.string(),
    workflow_url: z.url().nullable(),
    duration_ms: z.number().int().nullable(),
    cpu_ms: z.number().int(),
    cost_micro_usd: z.number().int(),
    created_at: z.iso.datetime(),
    completed_at: z.iso.datetime().nullable(),
  })
  .openapi('Audit');
export type AuditView = z.output<typeof auditView>;
export type SignalView = z.output<typeof signalView>;
