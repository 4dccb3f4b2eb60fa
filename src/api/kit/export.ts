import type { TenantScope } from '../../kernel/actor.ts';
import { type Caller, confirmed } from './confirm.ts';

/** Characters with which a spreadsheet takes a cell for a formula, full-width ones too (OWASP, CSV injection). */
const FORMULA_START = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** Quotes a cell; one that a spreadsheet would take for a formula gets a quote mark in front. */
function csvCell(value: string): string {
  const safe = FORMULA_START.test(value) ? `'${value}` : value;
  return /[",\r\n\t]/.test(safe) || safe !== value ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of CSV. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

type Position = { key: string; id: string } | null;

/**
 * Text page by page; each is read when it is asked for, in a short transaction of its own, so that a slow reader
 * holds none open, and as who the caller is by then. One who may no longer read gets a text that breaks off.
 */
export function pagedText(
  caller: Caller,
  head: string,
  read: (scope: TenantScope, after: Position) => Promise<{ text: string; next: Position }>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after: Position = null;
  let begun = false;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { scope } = begun ? await confirmed(caller) : caller.identity;
    const { text, next } = await read(scope, after);
    const piece = begun ? text : head + text;
    begun = true;
    if (piece !== '') controller.enqueue(encoder.encode(piece));
    after = next;
    if (after === null) controller.close();
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}
