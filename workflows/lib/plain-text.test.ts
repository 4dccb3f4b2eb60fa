import { expect, test } from 'vitest';
import { plainText } from './plain-text.ts';

test('nothing that a stranger wrote becomes a link, a heading, markup or a new paragraph', () => {
  expect(plainText('Moved to [here](https://evil.example/)')).toBe(
    'Moved to \\[here\\]\\(https\\:\\/\\/evil\\.example\\/\\)',
  );
  expect(plainText('a\n\n# <img src=x> `b`')).toBe('a \\# \\<img src\\=x\\> \\`b\\`');
});

test('words of any language stay as they are', () => {
  expect(plainText('Die Bäckerei öffnet 8 Uhr')).toBe('Die Bäckerei öffnet 8 Uhr');
});
