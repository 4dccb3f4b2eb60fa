import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { TriageLine } from './triage-line.ts';

/** Text of strangers as a terminal may show it: no control characters, no escape sequences, no bidi tricks. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, ' ');
}

const cut = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

/** A table that fits the terminal, or 120 columns elsewhere: the widest column gives way and wraps. */
export function table(head: string[], rows: string[][]): string {
  const out = new Table({
    head: head.map((name) => pc.bold(name)),
    colWidths: fittingWidths([head, ...rows], process.stdout.columns ?? 120),
    style: { head: [], border: ['gray'] },
    wordWrap: true,
  });
  out.push(...rows.map((row) => row.map(breakable)));
  return out.toString();
}

/** Words wrap whole, so one that is longer than a column must be taken apart. */
function breakable(text: string): string {
  return text.replace(/[^\s\p{Cc}]{40}(?=[^\s\p{Cc}])/gu, '$& ');
}

/** A border and a blank on each side of every cell. */
const CELL_EXTRA = 3;
const NARROWEST = 12;

function fittingWidths(rows: string[][], total: number): number[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => longestLine(row[column] ?? ''))),
  );
  const room = Math.max(total - 1 - columns * CELL_EXTRA, columns * NARROWEST);
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= NARROWEST) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths.map((width) => width + 2);
}

function longestLine(text: string): number {
  return Math.max(
    ...stripVTControlCharacters(text)
      .split('\n')
      .map((line) => line.length),
  );
}

/** One triaged URL as a table row: what happened, the score, why. */
export function resultRow(line: TriageLine): string[] {
  const why = line.hold ? line.hold.message : line.reasons.slice(0, 2).join(' ');
  return [
    cut(plain(line.url), 44),
    outcome(line),
    line.score === null ? '–' : String(line.score),
    cut(plain(why), 160),
  ];
}

/** What became of one URL, in colour. */
export function outcome(line: TriageLine): string {
  if (line.lead_id === null) return pc.red(`refused: ${line.hold?.code}`);
  if (line.hold) return pc.yellow(`held: ${line.hold.code}`);
  if (line.awaiting) return pc.magenta('awaiting a person');
  if (line.status === 'qualified') return pc.green('qualified');
  return line.status ?? '';
}
