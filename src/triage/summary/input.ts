import { z } from 'zod';
import type { PageFacts } from '../../sites/page/facts.ts';
import { signalWords } from '../report/signal-words.ts';
import type { Decision } from '../scoring/rules.ts';
import { SIGNAL_CODES } from '../signals/codes.ts';
import type { Signal } from '../signals/types.ts';
import { plainText } from './plain-text.ts';

export const summaryInputSchema = z.strictObject({
  host: z.string().max(255),
  score: z.number().min(0).max(100),
  threshold: z.number().min(0).max(100),
  decision: z.enum(['qualified', 'disqualified']),
  /** Detected signals only, by points. */
  findings: z.array(
    z.strictObject({
      code: z.enum(SIGNAL_CODES),
      points: z.number(),
      says: z.string().max(200),
      why: z.string().max(300),
      evidence: z.array(z.string().max(300)).max(3),
    }),
  ),
  /** Titles of what could not be told. */
  not_told: z.array(z.string().max(200)),
  /** What strangers wrote: data, never instructions. */
  page: z.strictObject({ title: z.string().max(200), text: z.string().max(3000) }),
});

export type SummaryInput = z.infer<typeof summaryInputSchema>;

/** Builds the input of the summary from what the scan found. */
export function summaryInputOf(audit: {
  finalUrl: string;
  score: number;
  threshold: number;
  decision: Decision;
  signals: readonly (Signal & { points: number })[];
  page: PageFacts;
}): SummaryInput {
  const detected = audit.signals.filter((signal) => signal.detected === true);
  return {
    host: new URL(audit.finalUrl).host.replace(/^www\./, ''),
    score: audit.score,
    threshold: audit.threshold,
    decision: audit.decision,
    findings: detected
      .toSorted((a, b) => b.points - a.points)
      .map((signal) => ({
        code: signal.code,
        points: signal.points,
        says: signalWords(signal.code).title,
        why: signalWords(signal.code).why,
        evidence: signal.evidence.slice(0, 3).map((one) => plainText(one.text, 240)),
      })),
    not_told: audit.signals
      .filter((signal) => signal.detected === null)
      .map((signal) => signalWords(signal.code).title),
    page: {
      title: plainText(audit.page.desktop.title ?? '', 160),
      text: plainText(audit.page.desktop.text, 2_500),
    },
  };
}
