import { expect, test } from 'vitest';
import { withSection } from './document.ts';

test('a section takes the place of its own older one and leaves all else as it is', () => {
  const first = withSection(withSection('# Title\n\nIntroduction.\n', '8', 'eight'), '7', 'seven');
  const second = withSection(first, '8', 'new eight');
  expect(first).toContain('eight');
  expect(second).toBe(first.replace('eight', 'new eight'));
  expect(second.startsWith('# Title\n\nIntroduction.\n')).toBe(true);
});
