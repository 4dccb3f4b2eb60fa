import Table from 'cli-table3';
import pc from 'picocolors';
import type { TriageLine } from './triage-line.ts';

/** Text of strangers as a terminal may show it: no control characters, no escape sequences, no bidi tricks. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, ' ');
}

const cut = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

/** A table as wide as the terminal allows, or 120 columns elsewhere. */
export function table(head: string[], rows: string[][]): string {
  const out = new Table({
    head: head.map((name) => pc.bold(name)),
    style: { head: [], border: ['gray'] },
    wordWrap: true,
  });
  out.push(...rows);
  return out.toString();
}

/** One triaged URL as a table row: what happened, the score, why. */
export function resultRow(line: TriageLine, reportUrl: string | null): string[] {
  const why = line.hold ? line.hold.message : (line.reasons[0] ?? '');
  return [
    cut(plain(line.url), 44),
    outcome(line),
    line.score === null ? '–' : String(line.score),
    cut(plain(why), 160),
    reportUrl ? 'report' : '',
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
