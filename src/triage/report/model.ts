import type { Hold } from '../../kernel/holds.ts';
import type { LighthouseFacts } from '../../sites/lighthouse/facts.ts';
import type { Decision } from '../scoring/rules.ts';
import type { Signal } from '../signals/types.ts';

/** A screenshot as it was stored; its size in points follows from the viewport it was taken at. */
export type ReportPicture = { mime: 'image/jpeg' | 'image/png'; bytes: Uint8Array };

/** Everything one report shows; texts of strangers are taken as they are and made safe here. */
export type ReportModel = {
  /** Name of the business, when the lead has one. */
  name: string | null;
  requested_url: string;
  final_url: string | null;
  scanned_at: Date;
  duration_ms: number | null;
  /** What the scan came to; a held site has neither score nor signals. */
  score: number | null;
  threshold: number;
  decision: Decision | null;
  decided_by: 'score' | 'person' | 'expiry' | null;
  /** Until when a person may decide, while one is awaited. */
  awaiting_until: Date | null;
  /** The first one says who decided, unless the score did. */
  reasons: readonly string[];
  signals: readonly (Signal & { points: number })[];
  lighthouse: Pick<LighthouseFacts, 'version' | 'scores' | 'metrics'> | null;
  summary: { text: string; generated_by: string } | null;
  screenshots: { phone: ReportPicture | null; desktop: ReportPicture | null };
  hold: Hold | null;
  playbook: { name: string; slug: string; version: string };
};
