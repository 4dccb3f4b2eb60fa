import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { TriageLine } from './triage-line.ts';

/** Text of strangers as a terminal may show it: no control characters, no escape sequences, no bidi tricks. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

const cut = (text: string, max: number) => (text.length > max ? `${text.slice(0, max - 1)}…` : text);

/** A table that fits the terminal, or 120 columns elsewhere: the last column gives way first and wraps. */
export function table(head: string[], rows: string[][]): string {
  const widths = fittingWidths([head, ...rows], terminalWidth());
  const out = new Table({
    head: head.map((name) => pc.bold(name)),
    colWidths: widths.map((width) => width + 2),
    // The library would colour a file and a pipe too.
    style: { head: [], border: pc.isColorSupported ? ['gray'] : [] },
  });
  out.push(...rows.map((row) => row.map((cell, column) => wrap(cell, widths[column] ?? NARROWEST))));
  return withFewRules(out.toString());
}

/** Rules between rows stay only where a row takes several lines: a live list then fits the terminal. */
function withFewRules(drawn: string): string {
  const lines = drawn.split('\n');
  const isRule = (line: string): boolean => stripVTControlCharacters(line).startsWith('├');
  const rules = lines.filter(isRule).length;
  if (lines.length > 2 * rules + 3) return drawn;
  const afterHead = lines.findIndex(isRule);
  return lines.filter((line, at) => at === afterHead || !isRule(line)).join('\n');
}

/** A paragraph that fits the terminal. */
export function paragraph(text: string): string {
  return wrap(text, terminalWidth());
}

const terminalWidth = (): number => process.stdout.columns ?? 120;

/** Wraps at blanks, and inside a word only when it is longer than the column; coloured cells are short. */
function wrap(text: string, width: number): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && visibleLength(`${line} ${word}`) > width) {
        lines.push(line);
        line = '';
      }
      line = line === '' ? word : `${line} ${word}`;
      while (visibleLength(line) > width) {
        lines.push(line.slice(0, width));
        line = line.slice(width);
      }
    }
    lines.push(line);
  }
  return lines.join('\n');
}

/** A border and a blank on each side of every cell. */
const CELL_EXTRA = 3;
const NARROWEST = 12;
/** The last column holds sentences: it stays this wide as long as others can give way between their words. */
const READABLE = 30;
/** A longer word, such as an address with a path, is broken. */
const WHOLE_WORD = 30;

function fittingWidths(rows: string[][], total: number): number[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => longestLine(row[column] ?? ''))),
  );
  const room = Math.max(total - 1 - columns * CELL_EXTRA, columns * NARROWEST);
  const last = columns - 1;
  const words = widths.map((_, column) =>
    Math.min(WHOLE_WORD, Math.max(...rows.map((row) => longestWord(row[column] ?? '')))),
  );
  shrink(widths, room, (column) => (column === last ? READABLE : Infinity));
  shrink(widths, room, (column) => (column === last ? READABLE : (words[column] ?? 0)));
  shrink(widths, room, (column) => (column === last ? NARROWEST : (words[column] ?? 0)));
  shrink(widths, room, () => NARROWEST);
  return widths;
}

/** Takes from the widest column that is still wider than its least, until all fit or none may give way. */
function shrink(widths: number[], room: number, leastOf: (column: number) => number): void {
  while (widths.reduce((sum, width) => sum + width, 0) > room) {
    const givable = widths.map((width, column) => (width > leastOf(column) ? width : 0));
    const widest = givable.indexOf(Math.max(...givable));
    if ((givable[widest] ?? 0) === 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map(visibleLength));
}

function longestWord(text: string): number {
  return Math.max(...text.split(/[ \n]/).map(visibleLength));
}

const visibleLength = (text: string): number => stripVTControlCharacters(text).length;

/** Why a site ended as it did, as short as a table wants it: the hold without its way, or who decided, or what weighed most. */
export function whyOf(hold: { message: string } | null, reasons: readonly string[]): string {
  if (hold) return hold.message.split(' The way: ')[0] ?? '';
  const [first = '', ...found] = reasons.filter((reason) => !reason.startsWith('The playbook asks'));
  const decided = !first.startsWith('The score of');
  return decided || found.length === 0 ? first : found.slice(0, 2).join(' ');
}

/** Triaged URLs as a table: what happened, the score, why. */
export function resultTable(lines: readonly TriageLine[]): string {
  return table(['site', 'result', 'score', 'why'], lines.map(resultRow));
}

function resultRow(line: TriageLine): string[] {
  const why = whyOf(line.hold, line.reasons);
  return [
    cut(plain(line.url), 44),
    outcome(line),
    line.score === null ? '–' : String(line.score),
    cut(plain(why), 160),
  ];
}

/** What became of one URL, in colour; the reason stands beside it. */
function outcome(line: TriageLine): string {
  if (line.lead_id === null) return pc.red('refused');
  if (line.hold) return pc.yellow('held');
  if (line.awaiting) return pc.magenta('awaiting a person');
  if (line.status === 'qualified') return pc.green('qualified');
  return line.status ?? '';
}
