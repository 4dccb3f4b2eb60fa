import type { Rect } from '../facts.ts';

/** What the collection may cost: passed into the page as plain data. */
export type Limits = {
  nodes: number;
  items: number;
  links: number;
  parts: number;
  itemChars: number;
  textChars: number;
  deadlineMs: number;
  imagesMs: number;
};

/** Coarse filters, as sources of regular expressions; the detectors judge what passes. */
export type Filters = { notice: string; contact: string; placeholder: string };

/** Text that reads as one piece: the visible text of one block element. */
export type Block = { element: Element; text: string; rect: Rect | null };

/** State of one collection. */
export type Walk = {
  limits: Limits;
  filters: Filters;
  startedAt: number;
  truncated: boolean;
  shown: Map<Element, boolean>;
  elements: Element[];
  blocks: Block[];
  /** Points that a phone shows for each CSS pixel, and what was counted. */
  textSize: { scale: number; small: number; of: number; elements: Element[] };
};
