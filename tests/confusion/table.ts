import { SIGNAL_CODES, type SignalCode } from '../../src/triage/signals/codes.ts';

export type Verdict = {
  site: string;
  code: SignalCode;
  expected: boolean;
  detected: boolean | null;
  why: string;
  seen: string;
};

type Counts = { tp: number; fp: number; fn: number; tn: number; unknown: number };

/** Counts agreement per signal between labels and detectors. */
export function countVerdicts(verdicts: readonly Verdict[]): Map<SignalCode, Counts> {
  const table = new Map(SIGNAL_CODES.map((code) => [code, { tp: 0, fp: 0, fn: 0, tn: 0, unknown: 0 }]));
  for (const { code, expected, detected } of verdicts) {
    const counts = table.get(code);
    if (!counts) continue;
    if (detected === null) counts.unknown += 1;
    else if (detected) counts[expected ? 'tp' : 'fp'] += 1;
    else counts[expected ? 'fn' : 'tn'] += 1;
  }
  return table;
}

/** Where a detector says the contrary of the label; that it cannot tell is no disagreement. */
export function disagreementsOf(verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.filter(({ expected, detected }) => detected !== null && detected !== expected);
}

/** The confusion table and each disagreement, as text. */
export function printVerdicts(verdicts: readonly Verdict[]): string {
  const rows = [...countVerdicts(verdicts)].map(([code, counts]) => {
    const numbers = [counts.tp, counts.fp, counts.fn, counts.tn, counts.unknown];
    return code.padEnd(26) + numbers.map((one) => String(one).padStart(8)).join('');
  });
  const head =
    'signal'.padEnd(26) + ['tp', 'fp', 'fn', 'tn', 'unknown'].map((one) => one.padStart(8)).join('');
  const wrong = disagreementsOf(verdicts);
  const lines = wrong.map(
    (one) =>
      `${one.expected ? 'missed' : 'wrong '}  ${one.site}  ${one.code}\n    label: ${one.why}\n    seen:  ${one.seen}`,
  );
  return [head, ...rows, '', `${wrong.length} disagreements of ${verdicts.length}`, ...lines].join('\n');
}
