import { describe, expect, test } from 'vitest';
import { countriesOf, hasMail, hasPhone, isDialable, isMailTarget } from './contact-text.ts';

const us = countriesOf('https://acme.com/', 'en-US');
const uk = countriesOf('https://acme.co.uk/', 'en');
const de = countriesOf('https://acme.de/', 'de');

describe('phone numbers', () => {
  test.each([
    ['Call (415) 555-0134 today', us],
    ['415.555.0134', us],
    ['415-555-0134', us],
    ['+1 415 555 0134', us],
    ['Call 1-800-FLOWERS', us],
    ['Phone: 415 555 0134', us],
    ['020 7946 0018', uk],
    ['Tel: 01632 960 001', uk],
    ['T 01632 960001', uk],
    ['+44 (0)20 7946 0018', us],
    ['Tel. 0511 / 12 34 56', de],
    ['Telefon 05138 70123', de],
    ['0511 1234567', de],
    ['+49 511 1234567', us],
    ['Tél. 01 42 68 53 00', countriesOf('https://acme.fr/', 'fr')],
    ['91 123 45 67', countriesOf('https://acme.es/', 'es')],
    ['☎ 0511-123456', de],
    ['05.55.01.23.45', countriesOf('https://acme.fr/', 'fr')],
    ['Ring Aoife on 056 777 0142', us],
    ['Notdienst: 0209 / 55 64 21', de],
    ['07700 900 142', uk],
    ['22 12 34 56', countriesOf('https://acme.no/', 'nb')],
    ['33 12 34 56', countriesOf('https://acme.dk/', 'da')],
    ['9123 4567', countriesOf('https://acme.sg/', 'en')],
  ])('are seen: %s', (text, countries) => {
    expect(hasPhone(text, countries)).toBe(true);
  });

  test.each([
    ['Open 09:00 - 17:00', us],
    ['Mo-Fr 8.00 - 18.30 Uhr', de],
    ['15.01.2024', de],
    ['2024-01-15', us],
    ['2019 - 2026', us],
    ['From $1,200.00 to $2,400.00', us],
    ['VAT GB 123 4567 89', uk],
    ['VAT no. 123 4567 89', uk],
    ['Company No. 01234567', uk],
    ['USt-IdNr. DE 123456789', de],
    ['IBAN DE89 3704 0044 0532 0130 00', de],
    ['Order 2025550134', us],
    ['Order no. 415-555-0134', us],
    ['ISBN 978-3-16-148410-0', us],
    ['51.5074, -0.1278', uk],
    ['License #415 555 0134', us],
    ['1234567890', us],
    ['Fax: 0511 123457', de],
    ['Telefax 04131 555 01-29', de],
    ['01.02.2024', de],
    ['Over 12 000 000 parts', us],
    ['31319 Sehnde', de],
    ['Austin, TX 78701-1234', us],
    ['12345-6789 Leipzig', de],
    ['Steuernummer: 123/456/78901', de],
    ['St.-Nr. 123/456/78901', de],
    ['Room 22 12 34 56', us],
  ])('are not seen in %s', (text, countries) => {
    expect(hasPhone(text, countries)).toBe(false);
  });
});

describe('mail addresses', () => {
  test.each([
    'info@acme.com',
    'Write to hello@münchen-café.de.',
    'info (at) acme (dot) com',
    'info[at]acme.de',
    'info AT acme DOT com',
    'info @ acme.co.uk',
    'moc.emca@ofni',
    'mail@zahnarzt-mueller.de',
    'john@smithroofing.com',
    'test@optik.de',
    'hello@example.com',
  ])('are seen: %s', (text) => {
    expect(hasMail(text)).toBe(true);
  });

  test.each([
    'Follow us @acme',
    'logo@2x.png',
    'Meet us at acme.com',
    'you@example.com',
    'your.name@domain.com',
    'email@example.com',
    'Open at 9.30 today',
    'look at our.shop',
  ])('are not seen in %s', (text) => {
    expect(hasMail(text)).toBe(false);
  });
});

test('targets of links must be something to call or to write to', () => {
  expect(isDialable('+1%20415%20555%200134')).toBe(true);
  expect(isDialable('')).toBe(false);
  expect(isDialable('0000000000')).toBe(false);
  expect(isMailTarget('info%40acme.com')).toBe(true);
  expect(isMailTarget('')).toBe(false);
});
