import type { LighthouseItem } from '../../sites/lighthouse/facts.ts';
import type { ElementFact, ViewportFacts } from '../../sites/page/facts.ts';

/** As many as our snippets hold, and as much of a value as Lighthouse's do. */
const ATTRIBUTES = 8;
const VALUE_CHARS = 70;
const WORDS_CHARS = 30;

/** The element of our phone page that Lighthouse means: the one with its start tag, or else also with its words. */
export function ownElement(item: LighthouseItem, phone: ViewportFacts): ElementFact | null {
  const tag = startTag(item.snippet ?? '').key;
  if (tag === '') return null;
  const known = [...(phone.parts ?? []), ...phone.images, ...phone.link_elements, ...phone.h1];
  const bySelector = new Map(known.map((element) => [element.selector, element]));
  const alike = [...bySelector.values()].filter((element) => startTag(element.snippet).key === tag);
  if (alike.length < 2) return alike[0] ?? null;
  const words = wordsIn(item.label ?? '');
  const same = alike.filter((element) => wordsIn(startTag(element.snippet).rest) === words);
  return words !== '' && same.length === 1 ? same[0]! : null;
}

/** A start tag in one spelling, whoever wrote it down, and what follows it. */
function startTag(snippet: string): { key: string; rest: string } {
  const name = /^<[a-z][\w-]*/i.exec(snippet)?.[0] ?? '';
  const attribute = /\s+([^\s="<>]+)="([^"]*)"/y;
  attribute.lastIndex = name.length;
  const found: string[] = [];
  let end = name.length;
  for (let match = attribute.exec(snippet); match; match = attribute.exec(snippet)) {
    found.push(`${match[1]}=${plainValue(match[2] ?? '')}`);
    end = attribute.lastIndex;
  }
  return { key: [name, ...found.slice(0, ATTRIBUTES)].join(' '), rest: snippet.slice(end).replace(/^>/, '') };
}

function plainValue(value: string): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', nbsp: '\u00A0' };
  const decoded = value.replace(/&(amp|lt|gt|nbsp);/g, (_, name: string) => entities[name] ?? '');
  return decoded.replace(/…$/, '').slice(0, VALUE_CHARS);
}

/** The first words, whatever the case that a stylesheet gives them. */
function wordsIn(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase().slice(0, WORDS_CHARS);
}
