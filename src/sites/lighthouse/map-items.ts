import type { LighthouseItem } from './facts.ts';

const MAX_ITEMS = 20;
const MAX_TEXT = 500;
const MAX_DEPTH = 4;

type Fields = Record<string, unknown>;

/** Names the offenders of one audit, whichever of Lighthouse's table and list shapes holds them. */
export function mapItems(details: unknown): { items: LighthouseItem[]; count: number } {
  const rows = rowsOf(details, 0);
  return { items: rows.slice(0, MAX_ITEMS).map(mapItem), count: rows.length };
}

function rowsOf(details: unknown, depth: number): Fields[] {
  if (!isFields(details) || depth > MAX_DEPTH) return [];
  switch (details.type) {
    case 'table':
    case 'opportunity':
      return list(details.items).filter(isFields);
    case 'list':
      return list(details.items).flatMap((item) => rowsOf(item, depth + 1));
    case 'list-section':
      return rowsOf(details.value, depth + 1);
    case 'node':
      return [{ node: details }];
    default:
      return [];
  }
}

function mapItem(row: Fields): LighthouseItem {
  const node = Object.values(row).find((value): value is Fields => isFields(value) && value.type === 'node');
  return {
    selector: text(node?.selector),
    snippet: text(node?.snippet),
    label: text(node?.nodeLabel),
    url: urlOf(row),
    text: textOf(row),
    rect: rectOf(node?.boundingRect),
  };
}

function urlOf(row: Fields): string | null {
  for (const value of [row.url, row.source, row.sourceLocation, row.href]) {
    if (typeof value === 'string' && value.includes('://')) return text(value);
    if (isFields(value) && typeof value.url === 'string') return text(value.url);
    if (isFields(value) && value.type === 'url') return text(value.value);
  }
  return null;
}

function textOf(row: Fields): string | null {
  for (const value of [row.description, row.text, row.label, row.name, row.failureReason, row.issueType]) {
    if (typeof value === 'string') return text(value);
    if (isFields(value) && typeof value.value === 'string') return text(value.value);
  }
  return null;
}

function rectOf(value: unknown): LighthouseItem['rect'] {
  if (!isFields(value)) return null;
  const [x, y, width, height] = [value.left, value.top, value.width, value.height].map(Number);
  if (!width || !height || x === undefined || y === undefined) return null;
  return { x, y, width, height };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : null;
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
