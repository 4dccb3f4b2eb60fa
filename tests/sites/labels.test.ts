import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { LABEL_HOLDS, listSiteFolders, readSite, SIGNAL_CODES } from '../../examples/server/site.ts';

const LEAST_POSITIVES = 3;
const LEAST_NEAR_MISSES = 5;

/** `expected` is null only where a person could not tell, and everywhere on a held site. */
const judgement = z.strictObject({ expected: z.boolean().nullable(), why: z.string().min(10) });

const labelsSchema = z.strictObject({
  host: z.string(),
  hold: z.enum(LABEL_HOLDS).nullable(),
  near_miss_of: z.array(z.enum(SIGNAL_CODES)),
  signals: z.record(z.enum(SIGNAL_CODES), judgement),
});

const folders = listSiteFolders(import.meta.dirname);
const labelled = folders.map((folder) => ({ slug: basename(folder), folder, labels: readLabels(folder) }));

function readLabels(folder: string): z.infer<typeof labelsSchema> {
  return labelsSchema.parse(JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')));
}

describe.each(labelled)('$slug', ({ slug, folder, labels }) => {
  const site = readSite(folder);

  test('site and labels name the host after the folder', () => {
    expect(site.host).toBe(`${slug}.test-sites.example`);
    expect(labels.host).toBe(site.host);
  });

  test('every file that a route names exists', () => {
    const named = Object.values(site.routes).flatMap((route) => (route.file ? [route.file] : []));
    expect(named.filter((file) => !existsSync(join(folder, 'public', file)))).toEqual([]);
  });

  test('a near miss is judged absent', () => {
    expect(labels.near_miss_of.filter((code) => labels.signals[code].expected !== false)).toEqual([]);
    expect(new Set(labels.near_miss_of).size).toBe(labels.near_miss_of.length);
  });

  test('a held site says nothing about signals, and any other says what a person can tell', () => {
    const unknown = SIGNAL_CODES.filter((code) => labels.signals[code].expected === null);
    if (labels.hold) expect(unknown).toEqual(SIGNAL_CODES);
    else expect(unknown.length).toBeLessThanOrEqual(2);
  });

  test('at most one fault of the connection is expected, and it is the one that the site serves', () => {
    if (labels.hold) return;
    const faults = SIGNAL_CODES.filter((code) => code.startsWith('ssl_') && labels.signals[code].expected);
    const served = { valid: [], none: ['ssl_missing'], expired: ['ssl_expired'], expiring: ['ssl_expiring'] };
    const leavesTls = site.routes['/']?.location?.startsWith('http:');
    if (leavesTls) expect(faults).toEqual(['ssl_missing']);
    else if (site.tls === 'self_signed' || site.tls === 'wrong_name') expect(faults).toEqual(['ssl_invalid']);
    else expect(faults).toEqual(served[site.tls]);
  });
});

describe('the collection', () => {
  test.each(SIGNAL_CODES)('shows %s often enough, and often enough what only looks like it', (code) => {
    const positives = labelled.filter(({ labels }) => labels.signals[code].expected === true);
    const nearMisses = labelled.filter(({ labels }) => labels.near_miss_of.includes(code));
    expect(positives.length).toBeGreaterThanOrEqual(LEAST_POSITIVES);
    expect(nearMisses.length).toBeGreaterThanOrEqual(LEAST_NEAR_MISSES);
  });

  test('the README counts what the labels say', () => {
    const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
    const wrong = SIGNAL_CODES.map(countRow).filter((row) => !readme.includes(row));
    expect(wrong).toEqual([]);
  });
});

function countRow(code: (typeof SIGNAL_CODES)[number]): string {
  const positives = labelled.filter(({ labels }) => labels.signals[code].expected === true).length;
  const nearMisses = labelled.filter(({ labels }) => labels.near_miss_of.includes(code)).length;
  return `| \`${code}\` | ${positives} | ${nearMisses} |`;
}
