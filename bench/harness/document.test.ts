import { expect, test } from 'vitest';
import { withControl, withSection } from './document.ts';

test('a section takes the place of its own older one and leaves all else as it is', () => {
  const first = withSection(withSection('# Title\n\nIntroduction.\n', '8', 'eight'), '7', 'seven');
  const second = withSection(first, '8', 'new eight');
  expect(first).toContain('eight');
  expect(second).toBe(first.replace('eight', 'new eight'));
  expect(second.startsWith('# Title\n\nIntroduction.\n')).toBe(true);
});

test('what a control said takes the place of the line about it, in its own section only', () => {
  const sections = withSection(
    withSection('', '4', 'four\n\nControl: not run yet.'),
    '7',
    'Control: not run yet.',
  );
  const after = withControl(sections, '4', 'Control, ours on both sides: $& of all.');
  expect(after).toBe(
    sections.replace('Control: not run yet.', () => 'Control, ours on both sides: $& of all.'),
  );
  expect(withControl(after, '8', 'Control: else')).toBe(after);
});
