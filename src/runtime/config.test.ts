import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test.each(['https://agency.example/scanner?lang=en', 'http://agency.example', 'ops@agency.example'])(
  'the scanner may name %s as its contact',
  (contact) => {
    expect(readConfig({ AGOS_SCANNER_CONTACT: contact }).AGOS_SCANNER_CONTACT).toBe(contact);
  },
);

test.each([
  '',
  'agency.example',
  'javascript:alert(1)',
  'ftp://agency.example/',
  'https://',
  'https://agency.example/(scanner)',
  'https://agency.example/ scanner',
  'https://agency.example/\r\nx-other: 1',
  'https://agency.example/\u0000',
  'https://agentur.example/größe',
  'ops@agency.example) Googlebot',
  `https://agency.example/${'x'.repeat(300)}`,
])('the contact %j stops the process with a sentence that names the setting', (contact) => {
  expect(() => readConfig({ AGOS_SCANNER_CONTACT: contact })).toThrow(/^AGOS_SCANNER_CONTACT: must be/);
});
