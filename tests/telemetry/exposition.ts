/** One series of a scrape: its name, its labels and its value. */
export type Sample = { name: string; labels: Record<string, string>; value: number };

/** What a scrape says of one metric. */
export type Family = { name: string; type: string; help: string; samples: Sample[] };

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const META = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|[+-]Inf|Nan)$`);
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;
const TYPES = ['counter', 'gauge', 'histogram', 'summary'];

/** Reads Prometheus' text format as strictly as it is written down; throws at the first line that breaks it. */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: Family | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const meta = META.exec(line);
    if (meta) {
      const [, kind, name = '', rest = ''] = meta;
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        current = { name, type: 'untyped', help: rest, samples: [] };
        families.set(name, current);
      } else if (current?.name !== name || !TYPES.includes(rest) || current.samples.length > 0) {
        throw new Error(`out of place: ${line}`);
      } else current.type = rest;
      continue;
    }
    const sample = parseSample(line);
    if (!current || !belongs(current, sample.name)) throw new Error(`a sample without its metric: ${line}`);
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    current.samples.push(sample);
  }
  for (const family of families.values()) if (family.type === 'histogram') requireBuckets(family);
  return families;
}

function parseSample(line: string): Sample {
  const match = SAMPLE.exec(line);
  if (!match) throw new Error(`not a sample: ${line}`);
  const [, name = '', inner = '', value = ''] = match;
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < inner.length; at = LABEL.lastIndex) {
    const label = LABEL.exec(inner);
    if (!label) throw new Error(`labels: ${line}`);
    const [, key = '', content = ''] = label;
    if (key in labels) throw new Error(`${key} twice: ${line}`);
    labels[key] = content;
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function belongs({ name, type }: Family, sample: string): boolean {
  if (type === 'histogram') return [`${name}_bucket`, `${name}_sum`, `${name}_count`].includes(sample);
  if (type === 'summary') return [name, `${name}_sum`, `${name}_count`].includes(sample);
  return sample === name;
}

/** Buckets only grow, and the last one counts everything. */
function requireBuckets(family: Family): void {
  const series = new Map<string, { counts: number[]; total?: number }>();
  for (const { name, labels, value } of family.samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    const one = series.get(key) ?? { counts: [] };
    if (name.endsWith('_bucket')) one.counts.push(value);
    if (name.endsWith('_count')) one.total = value;
    if (name.endsWith('_bucket') && le === undefined)
      throw new Error(`a bucket of ${family.name} has no bound`);
    series.set(key, one);
  }
  for (const { counts, total } of series.values()) {
    const grows = counts.every((count, index) => index === 0 || count >= counts[index - 1]!);
    if (!grows || counts.at(-1) !== total) throw new Error(`the buckets of ${family.name} do not add up`);
  }
}
