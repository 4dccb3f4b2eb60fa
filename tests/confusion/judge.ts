import { readSite } from '../../examples/server/index.ts';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import type { Technology } from '../../src/triage/playbooks/schema.ts';
import { SIGNAL_CODES } from '../../src/triage/signals/codes.ts';
import { detectSignals } from '../../src/triage/signals/detect.ts';
import type { Signal } from '../../src/triage/signals/types.ts';
import { readLabels } from './labels.ts';
import type { ConfusionScanner, Scanned } from './scan.ts';
import type { Verdict } from './table.ts';

/** The day the labels were written for. */
export const LABELS_NOW = new Date('2026-11-21T12:00:00Z');

export type Judged = {
  verdicts: Verdict[];
  /** What became of the site, where its label says otherwise. */
  holdDifference: string | null;
  /** Null when the site is held. */
  found: { scanned: Scanned; signals: Signal[] } | null;
};

/** Scans one site and puts each label beside what the detectors say. */
export async function judgeSite(
  scanner: ConfusionScanner,
  folder: string,
  technologies: readonly Technology[],
): Promise<Judged> {
  const site = readSite(folder);
  const { hold, signals: labels } = readLabels(folder);
  const outcome = await scanner.scan(site).catch(holdOf);
  const held = typeof outcome === 'string' ? outcome : null;
  const holdDifference = held === hold ? null : `${site.host}: label ${hold}, ${held ?? 'scanned'}`;
  if (typeof outcome === 'string') return { verdicts: [], holdDifference, found: null };
  const { pictures: _, ...facts } = outcome;
  const signals = detectSignals({ ...facts, now: LABELS_NOW, technologies });
  const verdicts = SIGNAL_CODES.flatMap((code, index): Verdict[] => {
    const label = labels[code];
    const signal = signals[index];
    if (!label || !signal || label.expected === null || hold !== null) return [];
    const { expected, why } = label;
    return [{ site: site.host, code, expected, detected: signal.detected, why, seen: textOf(signal) }];
  });
  return { verdicts, holdDifference, found: { scanned: outcome, signals } };
}

function holdOf(error: unknown): string {
  if (error instanceof SiteHoldError) return error.hold.code;
  return `failed: ${error instanceof Error ? error.message : String(error)}`;
}

function textOf({ value, evidence }: Signal): string {
  const pieces = evidence.slice(0, 2).map(({ text, snippet }) => ` | ${text} ${snippet ?? ''}`);
  return JSON.stringify(value)?.slice(0, 300) + pieces.join('');
}
