import type { FetchFacts, LinkCheck } from '../../sites/fetch/facts.ts';
import type { LighthouseFacts } from '../../sites/lighthouse/facts.ts';
import type { PageFacts } from '../../sites/page/facts.ts';
import type { Technology } from '../playbooks/schema.ts';
import type { SignalCode } from './codes.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** A place on one of the two screenshots, in CSS pixels of that picture. */
export type Region = {
  screenshot: 'phone' | 'desktop';
  x: number;
  y: number;
  width: number;
  height: number;
};

/** What a signal rests on: the element, its source, its place on a screenshot, one plain sentence. */
export type Evidence = {
  selector: string | null;
  snippet: string | null;
  region: Region | null;
  text: string;
};

/** What one detector found; `detected` is null where it could not be told. */
export type Finding = { detected: boolean | null; value: JsonValue; evidence: Evidence[] };

export type Signal = Finding & { code: SignalCode };

export type DetectorInput = {
  fetch: FetchFacts;
  page: PageFacts;
  lighthouse: LighthouseFacts | null;
  links: LinkCheck[] | null;
  now: Date;
  technologies: readonly Technology[];
};

export type Detector = (input: DetectorInput) => Finding;
