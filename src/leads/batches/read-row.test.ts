import { describe, expect, test } from 'vitest';
import { parseJson, toJsonRow } from './parse-json.ts';
import { type ImportedLead, type ImportRow, readRow } from './read-row.ts';
import type { LineError } from './rules.ts';

const row = (cells: Record<string, string>): ImportRow => ({ line: 2, cells, errors: [], leftOut: [] });
const good = (cells: Record<string, string>) => readRow(row(cells), {}) as ImportedLead;
const bad = (cells: Record<string, string>) => readRow(row(cells), {}) as LineError[];

describe('a row', () => {
  test('fills what its columns are called by people, and keeps the others as metadata', () => {
    const lead = good({
      Website: 'https://www.acme.example/about',
      'Company Name': 'Acme',
      Sector: 'plumbing',
      'First Name': 'Ann',
      'last-name': 'Lee',
      'E-Mail': 'ann@acme.example',
      LinkedIn: 'linkedin.com/in/ann',
      'Lead Source': 'fair',
      Empty: '  ',
    });
    expect(lead).toMatchObject({
      domain: 'acme.example',
      companyName: 'Acme',
      industry: 'plumbing',
      metadata: { 'Lead Source': 'fair' },
      contact: {
        name: 'Ann Lee',
        email: 'ann@acme.example',
        linkedin_url: 'https://linkedin.com/in/ann',
      },
      errors: [],
    });
  });

  test.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1', '\n=1'])('keeps a cell %j as it is', (text) => {
    expect(good({ url: 'acme.example', notes: text, extra: text })).toMatchObject({
      notes: text,
      metadata: { extra: text },
    });
  });

  test.each([
    ['no website', { url: '' }, 'url', 'url_missing'],
    ['a script', { url: 'javascript:alert(1)' }, 'url', 'url_scheme_not_allowed'],
    ['a private address', { Site: 'http://127.0.0.1/' }, 'Site', 'url_target_forbidden'],
    ['a NUL', { url: 'acme.example', company: 'A\u0000B' }, 'company', 'invalid_text'],
    ['half a character', { url: 'acme.example', company: 'A\ud800' }, 'company', 'encoding_invalid'],
    [
      'bytes that are not UTF-8',
      { url: 'acme.example', company: 'Caf\ufffd' },
      'company',
      'encoding_invalid',
    ],
    ['a column name that is not text', { url: 'acme.example', 'a\u0000': 'x' }, 'a\ufffd', 'invalid_text'],
    ['a very long cell', { url: 'acme.example', notes: 'x'.repeat(2001) }, 'notes', 'cell_too_long'],
  ])('with %s is refused, and says where', (_, cells, column, code) => {
    expect(bad(cells as Record<string, string>)).toMatchObject([{ column, code }]);
  });

  test.each([
    ['email', 'not an address', 'email_invalid'],
    ['linkedin', 'javascript:alert(1)', 'url_invalid'],
  ])('loses a bad %s, not the lead, and says so', (column, value, code) => {
    const lead = good({ url: 'acme.example', contact: 'Ann', [column]: value });
    expect(lead.errors).toMatchObject([{ column, code }]);
    expect(lead.contact).toMatchObject({ name: 'Ann', email: null, linkedin_url: null });
  });

  test('never makes text that the database cannot hold', () => {
    const lead = good({
      url: 'acme.example',
      [`${'x'.repeat(99)}🥨`]: 'value',
      industry: `${'y'.repeat(59)}🥨`,
    });
    for (const text of [...Object.keys(lead.metadata), lead.industry ?? '']) {
      expect(text.isWellFormed()).toBe(true);
    }
  });
});

describe('a JSON file', () => {
  test('is an array of rows, or the records of an Airtable view', () => {
    const fields = { Website: 'acme.example', Tags: ['a', 'b'], Employees: 12, Hidden: null };
    expect(parseJson(JSON.stringify([fields]))).toEqual({ format: 'json', values: [fields] });
    const view = parseJson(`\ufeff${JSON.stringify({ records: [{ id: 'rec1', fields }], offset: 'x' })}`);
    expect(view).toEqual({ format: 'airtable', values: [fields] });
    expect(toJsonRow(view.values[0], 1)).toMatchObject({
      line: 1,
      cells: { Website: 'acme.example', Tags: 'a, b', Employees: '12', Hidden: '' },
    });
  });

  test.each([
    ['[1', 'invalid_json'],
    ['{"a": 1}', 'validation_failed'],
    ['[]', 'validation_failed'],
    ['{"records": []}', 'validation_failed'],
    ['"text"', 'validation_failed'],
  ])('%s is refused', (text, code) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code }));
  });

  // sabotage: src/leads/batches/parse-json.ts :: if (!isObject(value)) return badRow( => if (value === 0) return badRow(
  test('of an Airtable view loses a record without fields, not the others', () => {
    const { values } = parseJson('{"records":[0,{"id":"rec1"},{"fields":{"url":"acme.example"}}]}');
    expect(values.map((value, index) => toJsonRow(value, index + 1))).toMatchObject([
      { line: 1, errors: [{ code: 'row_invalid' }] },
      { line: 2, errors: [{ code: 'row_invalid' }] },
      { line: 3, errors: [], cells: { url: 'acme.example' } },
    ]);
  });

  // sabotage: src/leads/batches/parse-json.ts :: requireLines(rows.length); =>
  // sabotage: src/leads/batches/parse-json.ts :: requireModestJson(text); =>
  test.each([
    ['too many rows', `[${'{},'.repeat(100_000)}{}]`, 'too_many_lines'],
    ['too many records', `{"records":[${'0,'.repeat(100_000)}0]}`, 'too_many_lines'],
    ['too many values', `[{"a":[${'0,'.repeat(1_000_000)}0]}]`, 'validation_failed'],
  ])('with %s is refused', (_, text, code) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code }));
  });

  // sabotage: src/leads/batches/parse-json.ts :: if (entries.length > MAX_COLUMNS) { => if (false) {
  test('loses a row of more cells than anybody needs, with one reason', () => {
    const cells = Array.from({ length: 501 }, (_, n) => [`c${n}`, {}]);
    expect(toJsonRow(Object.fromEntries(cells), 1).errors).toMatchObject([{ code: 'column_count' }]);
    expect(toJsonRow(Object.fromEntries(cells.slice(1)), 1).errors).toEqual([]);
  });

  test('takes a name called __proto__ for a name', () => {
    const { cells } = toJsonRow(JSON.parse('{"__proto__":"polluted"}'), 1);
    expect(Object.entries(cells)).toEqual([['__proto__', 'polluted']]);
  });

  test('loses a row that is no object, and a cell that is no plain value, with a reason', () => {
    expect(toJsonRow('text', 3)).toMatchObject({ line: 3, errors: [{ code: 'row_invalid' }] });
    const attachments = {
      Photos: [{ url: 'https://x.example' }],
      url: 'acme.example',
      Size: Number('1e400'),
    };
    const read = readRow(toJsonRow(attachments, 4), {}) as ImportedLead;
    expect(read).toMatchObject({ domain: 'acme.example', metadata: {} });
    expect(read.errors.map((error) => [error.column, error.code])).toEqual([
      ['Photos', 'cell_invalid'],
      ['Size', 'cell_invalid'],
    ]);
  });
});
