import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeEach, describe, expect, test } from 'vitest';
import { choosePlaybook } from './choose.ts';
import { loadPlaybooks, PlaybookError } from './load.ts';

const shipped = import.meta.dirname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'agos-playbooks-'));
  cpSync(shipped, folder, { recursive: true, filter: (path) => path === shipped || path.endsWith('.yaml') });
});

function change(file: string, from: string | RegExp, to: string): void {
  const path = join(folder, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}

function refusal(): PlaybookError {
  try {
    loadPlaybooks(folder);
  } catch (error) {
    if (error instanceof PlaybookError) return error;
    throw error;
  }
  throw new Error('the folder was accepted');
}

describe('playbooks', () => {
  test('the three shipped ones load, one of them is the default', () => {
    const playbooks = loadPlaybooks();
    expect(playbooks.map((playbook) => playbook.slug)).toEqual([
      'triage-local-business',
      'triage-saas',
      'triage-standard',
    ]);
    expect(playbooks.filter((playbook) => playbook.is_default).map((playbook) => playbook.slug)).toEqual([
      'triage-standard',
    ]);
  });

  test('an unknown signal stops with file, line and reason', () => {
    change('triage-saas.yaml', '  console_errors: 10', '  console_error: 10');
    const error = refusal();
    expect(error.file).toBe('triage-saas.yaml');
    expect(error.message).toMatch(/^triage-saas\.yaml:\d+: weights\.console_errors?: /);
    expect(error.line).toBeGreaterThan(20);
  });

  test('an unknown field is named on its own line', () => {
    change('triage-saas.yaml', 'threshold: 55', 'threshold: 55\ntreshold: 10');
    const lines = readFileSync(join(folder, 'triage-saas.yaml'), 'utf8').split('\n');
    const error = refusal();
    expect(error.reason).toBe('treshold: is not a known field');
    expect(lines[error.line - 1]).toContain('treshold');
  });

  test('a value out of range is named on its own line', () => {
    change('triage-standard.yaml', 'h1_missing: 5', 'h1_missing: 500');
    const lines = readFileSync(join(folder, 'triage-standard.yaml'), 'utf8').split('\n');
    expect(lines[refusal().line - 1]).toContain('h1_missing: 500');
  });

  test.each([
    ['fetch_seconds: 20', 'fetch_seconds: 60'],
    ['browser_seconds: 35', 'browser_seconds: 200'],
    ['lighthouse_seconds: 60', 'lighthouse_seconds: 599'],
    ['links_seconds: 20', 'links_seconds: 119'],
    ['summary_seconds: 60', 'summary_seconds: 180'],
  ])('a step may not take longer than the workflow waits for it: %s, not %s', (allowed, tooLong) => {
    change('triage-standard.yaml', allowed, tooLong);
    expect(refusal().message).toContain(`timeouts.${tooLong.split(':')[0]}`);
  });

  test('broken YAML and a key written twice stop with their line', () => {
    change('triage-standard.yaml', 'priority: 100', 'priority: [100');
    expect(refusal().file).toBe('triage-standard.yaml');
    change('triage-standard.yaml', 'priority: [100', 'priority: 100\npriority: 90');
    expect(refusal().reason).toContain('unique');
  });

  test('two defaults, or none, are refused', () => {
    change('triage-saas.yaml', 'is_default: false', 'is_default: true');
    expect(refusal().reason).toContain('exactly one');
    change('triage-saas.yaml', 'is_default: true', 'is_default: false');
    change('triage-standard.yaml', 'is_default: true', 'is_default: false');
    expect(refusal().reason).toContain('found 0');
  });

  test('a slug that differs from the name of its file is refused', () => {
    change('triage-saas.yaml', 'slug: triage-saas', 'slug: triage-other');
    expect(refusal().reason).toContain('triage-saas');
  });

  test('a technology without a reason is refused', () => {
    change('technologies.yaml', /why: Versions before 3[^}]*/, '');
    expect(refusal().file).toBe('technologies.yaml');
  });
});

describe('choosePlaybook', () => {
  const playbooks = loadPlaybooks();

  test.each([
    ['Plumbing', 'local-business'],
    ['Restaurants', 'local-business'],
    ['Dental practice', 'local-business'],
    ['DENTISTS', 'local-business'],
    ['Real Estate', 'local-business'],
    ['real_estate', 'local-business'],
    ['RealEstate', 'local-business'],
    ['Bakeries & Cafés', 'local-business'],
    ['Bed & Breakfast', 'local-business'],
    ["Hairdresser's", 'local-business'],
    ['Hair and beauty salons', 'local-business'],
    ['Law firm', 'local-business'],
    ['Home Services', 'local-business'],
    ['Professional services', 'local-business'],
    ['Health care', 'local-business'],
    ['Veterinary clinic', 'local-business'],
    ['Car dealership', 'local-business'],
    ['Accounting', 'local-business'],
    ['Roofing contractors', 'local-business'],
    ['Estate agencies', 'local-business'],
    ['Flower shop', 'local-business'],
    ['Pharmacies', 'local-business'],
    ['Gyms', 'local-business'],
    ['SaaS', 'saas'],
    ['Software', 'saas'],
    ['E-Commerce', 'saas'],
    ['E commerce', 'saas'],
    ['Online shops', 'saas'],
    ['IT services', 'saas'],
    ['Restaurant software', 'saas'],
    ['FinTech', 'saas'],
    ['astrology', 'standard'],
    ['Barcodes', 'standard'],
    ['Steel manufacturing', 'standard'],
    ['', 'standard'],
    ['---', 'standard'],
  ])('a lead of "%s" is weighed as %s', (industry, playbook) => {
    expect(choosePlaybook(playbooks, industry).slug).toBe(`triage-${playbook}`);
  });

  test('every industry of the example leads is named by a playbook', () => {
    const file = readFileSync(join(import.meta.dirname, '../../../examples/leads.csv'));
    const rows = parse(file, { columns: true, relax_column_count: true }) as { industry: string }[];
    const industries = new Set(rows.map((row) => row.industry));
    expect(industries.size).toBeGreaterThan(6);
    for (const industry of industries) {
      const expected = /^(?:saas|ecommerce)$/.test(industry) ? 'triage-saas' : 'triage-local-business';
      expect([industry, choosePlaybook(playbooks, industry).slug]).toEqual([industry, expected]);
    }
  });

  test('a playbook that names the industry itself comes before one that names a part of it', () => {
    const [local, saas] = playbooks.map((one) => ({ ...one }));
    const tagged = [
      { ...local!, industry_tags: ['dental-software'] },
      { ...saas!, industry_tags: ['software'] },
    ];
    expect(choosePlaybook([...tagged, ...playbooks.slice(2)], 'Dental Software').slug).toBe(local!.slug);
  });

  test('falls back to the default for an unknown or absent industry', () => {
    expect(choosePlaybook(playbooks, 'astrology').slug).toBe('triage-standard');
    expect(choosePlaybook(playbooks, null).slug).toBe('triage-standard');
  });

  test('prefers the lower priority number when two name the industry', () => {
    const both = playbooks.map((playbook) => ({ ...playbook, industry_tags: ['shared'] }));
    expect(choosePlaybook(both, 'shared').slug).toBe('triage-saas');
  });
});
