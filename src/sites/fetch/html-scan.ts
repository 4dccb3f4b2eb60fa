/** One start tag with its attributes, names in lower case. */
export type Tag = { name: string; attributes: Record<string, string> };

/** What a look over the source shows without building a document from it. */
export type HtmlScan = {
  tags: Tag[];
  title: string;
  /** Text outside tags, scripts, styles and noscript, one run for each stretch between tags. */
  runs: string[];
  /** Those of the runs that stand outside of forms. */
  runsOutsideForms: string[];
  /** Ids of elements that hold nothing, not even blanks that matter. */
  emptyIds: string[];
  /** Source of inline scripts, and of nothing else. */
  scripts: string;
};

const MAX_TAG_CHARACTERS = 2_048;
const MAX_BLANKS = 100;
const HIDDEN_CONTENT = new Set([
  'script',
  'style',
  'noscript',
  'template',
  'textarea',
  'title',
  'iframe',
  'svg',
]);
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** The source in ASCII lower case, and the end tags that it holds no more of: each is looked for in vain once. */
type Closings = { lower: string; missing: Set<string> };

type Progress = HtmlScan & { inForm: boolean };

/**
 * Scans at most `maxCharacters` in one pass. A parser that builds a tree takes seconds over a few hundred
 * kilobytes of hostile nesting; this takes time in proportion to the length, whatever stands there.
 */
export function scanHtml(html: string, maxCharacters = 262_144): HtmlScan {
  const source = html.slice(0, maxCharacters);
  const closings: Closings = {
    lower: source.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
    missing: new Set(),
  };
  const scan: Progress = {
    tags: [],
    title: '',
    runs: [],
    runsOutsideForms: [],
    emptyIds: [],
    scripts: '',
    inForm: false,
  };
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('<', at);
    addRun(scan, source.slice(at, open === -1 ? source.length : open));
    if (open === -1) break;
    at = readMarkup(scan, source, closings, open);
  }
  return scan;
}

/** Counts start tags, which is near enough to the number of elements, without parsing. */
export function countStartTags(html: string): number {
  let count = 0;
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at + 1)) {
    if (isLetter(html.charCodeAt(at + 1))) count += 1;
  }
  return count;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

/** Reads what begins at a `<` and returns where the text goes on. */
function readMarkup(scan: Progress, source: string, closings: Closings, open: number): number {
  if (source.startsWith('<!--', open)) return after(source, '-->', open + 4);
  if (!isLetter(source.charCodeAt(open + 1))) {
    if (closings.lower.startsWith('</form', open)) scan.inForm = false;
    return /[!/?]/.test(source[open + 1] ?? '') ? after(source, '>', open + 1) : open + 1;
  }
  const end = endOfTag(source, open + 1);
  const tag = parseTag(source.slice(open + 1, end));
  scan.tags.push(tag);
  if (tag.name === 'form') scan.inForm = true;
  if (tag.attributes.id && holdsNothing(source, end + 1)) scan.emptyIds.push(tag.attributes.id);
  return HIDDEN_CONTENT.has(tag.name) ? skipContent(scan, source, closings, tag.name, end + 1) : end + 1;
}

/** An end tag, or a comment that keeps the place, is the next thing. */
function holdsNothing(source: string, from: number): boolean {
  return /^\s*<(?:\/|!--)/.test(source.slice(from, from + MAX_BLANKS));
}

function skipContent(
  scan: HtmlScan,
  source: string,
  { lower, missing }: Closings,
  name: string,
  from: number,
): number {
  const close = missing.has(name) ? -1 : lower.indexOf(`</${name}`, from);
  if (close === -1) {
    missing.add(name);
    return name === 'script' || name === 'style' ? source.length : from;
  }
  const content = source.slice(from, close);
  if (name === 'title' && scan.title === '') scan.title = decode(content).trim();
  if (name === 'script') scan.scripts += `${content}\n`;
  return after(source, '>', close);
}

/** The `>` that ends a tag, past quoted values; a tag without end stops at a limit. */
function endOfTag(source: string, from: number): number {
  const limit = Math.min(source.length, from + MAX_TAG_CHARACTERS);
  let quote = '';
  for (let at = from; at < limit; at++) {
    const character = source[at] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '>') return at;
    else if ((character === '"' || character === "'") && source[at - 1] === '=') quote = character;
  }
  const close = source.indexOf('>', from);
  return close === -1 ? source.length : Math.min(close, limit);
}

function parseTag(inside: string): Tag {
  const name = /^[^\s/>]+/.exec(inside)?.[0] ?? '';
  const attributes: Record<string, string> = {};
  const pattern = /([^\s"'>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g;
  for (const match of inside.slice(name.length).matchAll(pattern)) {
    const key = (match[1] ?? '').toLowerCase();
    if (!Object.hasOwn(attributes, key) && key !== '__proto__') {
      attributes[key] = decode(match[2] ?? match[3] ?? match[4] ?? '');
    }
  }
  return { name: name.toLowerCase(), attributes };
}

function addRun(scan: Progress, text: string): void {
  const run = decode(text).replace(/\s+/g, ' ').trim();
  if (run === '') return;
  scan.runs.push(run);
  if (!scan.inForm) scan.runsOutsideForms.push(run);
}

function after(source: string, mark: string, from: number): number {
  const at = source.indexOf(mark, from);
  return at === -1 ? source.length : at + mark.length;
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}
