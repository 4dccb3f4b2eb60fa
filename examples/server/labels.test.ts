import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { listSiteFolders, readLabels, readSite, SIGNAL_CODES } from './site.ts';

const EXAMPLES = join(import.meta.dirname, '..');
const folders = listSiteFolders(join(EXAMPLES, 'sites'));
const labelled = folders.map((folder) => ({
  slug: basename(folder),
  site: readSite(folder),
  labels: readLabels(folder),
}));

describe('the labels of the example sites', () => {
  it.each(labelled)('$slug: all 19 signals are judged, under the name of the site', ({ site, labels }) => {
    expect(labels.host).toBe(site.host);
    expect(Object.keys(labels.signals)).toEqual([...SIGNAL_CODES]);
  });

  it.each(labelled)(
    '$slug: no signal is made up for a held site, and at most one ssl signal is told',
    ({ labels }) => {
      const told = SIGNAL_CODES.filter((code) => labels.signals[code].expected);
      if (labels.hold !== null) expect(told).toEqual([]);
      expect(told.filter((code) => code.startsWith('ssl_')).length).toBeLessThanOrEqual(1);
    },
  );

  it.each(SIGNAL_CODES)('%s is told of at least one site', (code) => {
    expect(labelled.filter(({ labels }) => labels.signals[code].expected)).not.toEqual([]);
  });

  it('at least five sites are sound: scanned, and no signal told', () => {
    const sound = labelled.filter(({ labels }) => {
      return labels.hold === null && SIGNAL_CODES.every((code) => !labels.signals[code].expected);
    });
    expect(sound.length).toBeGreaterThanOrEqual(5);
  });

  it('the ssl label agrees with the certificate that is served', () => {
    const expected = {
      none: 'ssl_missing',
      expired: 'ssl_expired',
      expiring: 'ssl_expiring',
      self_signed: 'ssl_invalid',
      wrong_name: 'ssl_invalid',
      valid: undefined,
    } as const;
    for (const { slug, site, labels } of labelled.filter((entry) => entry.labels.hold === null)) {
      const told = SIGNAL_CODES.find((code) => code.startsWith('ssl_') && labels.signals[code].expected);
      expect(told, slug).toBe(expected[site.tls]);
    }
  });
});

describe('leads.csv', () => {
  const rows: Record<string, string>[] = parse(readFileSync(join(EXAMPLES, 'leads.csv'), 'utf8'), {
    columns: true,
    skip_records_with_error: true,
  });
  const hosts = rows.map((row) => row.url?.replace(/^https?:\/\//, '').replace(/:8443\/?$/, ''));

  it('has one row for each site, by its host or an alias', () => {
    for (const { site } of labelled) {
      expect(hosts.filter((host) => host === site.host || site.aliases.includes(host ?? ''))).not.toEqual([]);
    }
  });

  it('has a ragged row, an empty address, a script address, a loopback address, a dead host and a duplicate', () => {
    expect(() => parse(readFileSync(join(EXAMPLES, 'leads.csv'), 'utf8'), { columns: true })).toThrow(
      /columns/i,
    );
    for (const bad of ['', 'javascript:alert(1)', '127.0.0.1/', 'fenwick-optics.example'])
      expect(hosts).toContain(bad);
    expect(hosts).toEqual(expect.arrayContaining(['kestrel-joinery.example', 'www.kestrel-joinery.example']));
  });
});

it('the examples stay small: no file above 80 kB, 4 MB in all', () => {
  const entries = readdirSync(EXAMPLES, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  const sizes = entries.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  expect(Math.max(...sizes)).toBeLessThan(80_000);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(4_000_000);
});
