import { AgosError } from '../../kernel/errors.ts';

/** Every line becomes a row of ours, good or bad, and no quota counts it: so many are stored within minutes. */
export const MAX_LINES = 100_000;

/** Refuses a file of no lines (`csv_invalid`) or of more than an import may have (`too_many_lines`). */
export function requireLines(count: number): void {
  if (count === 0) throw new AgosError('csv_invalid', 'The file has no lines below its header.');
  if (count <= MAX_LINES) return;
  const most = MAX_LINES.toLocaleString('en');
  const sentence = `The file has more than ${most} lines, so that none was imported. Split it into several.`;
  throw new AgosError('too_many_lines', sentence, { max_lines: MAX_LINES });
}
