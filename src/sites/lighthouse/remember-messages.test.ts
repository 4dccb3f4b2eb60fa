import { createRequire } from 'node:module';
import { IntlMessageFormat } from 'intl-messageformat';
import { expect, test } from 'vitest';
import { rememberMessages } from './remember-messages.ts';

test('what Lighthouse reads is what we remember: there is one package, not two versions of it', () => {
  const of = (file: string) => createRequire(file).resolve('intl-messageformat');
  expect(of(createRequire(import.meta.url).resolve('lighthouse'))).toBe(of(import.meta.url));
});

test('a sentence is read once, and still filled in each time', () => {
  const parse = IntlMessageFormat.__parse;
  let times = 0;
  IntlMessageFormat.__parse = (...args) => {
    times += 1;
    return parse!(...args);
  };
  rememberMessages();
  const say = (count: number) =>
    new IntlMessageFormat('{count, plural, =1 {1 file} other {# files}}', 'en-US').format({ count });
  expect([say(1), say(2), say(1_000)]).toEqual(['1 file', '2 files', '1,000 files']);
  expect(times).toBe(1);
});
