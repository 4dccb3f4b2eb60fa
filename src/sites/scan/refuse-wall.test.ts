import { expect, test } from 'vitest';
import { SiteHoldError } from '../../kernel/holds.ts';
import { refuseWall } from './refuse-wall.ts';

const URL = 'https://harbour.example/';

function holdOf(status: number, headers: Record<string, string>, html: string): string | null {
  try {
    refuseWall({ url: URL, requestedUrl: URL, answer: { status, headers }, html });
    return null;
  } catch (error) {
    if (error instanceof SiteHoldError) return error.hold.code;
    throw error;
  }
}

test('a challenge that only browsers meet is a wall by what the browser was answered', () => {
  expect(holdOf(403, { 'cf-mitigated': 'challenge' }, '<title>Just a moment...</title>')).toBe('blocked');
  expect(holdOf(401, {}, 'Unauthorized')).toBe('blocked');
});

test('an error that is no wall stays an error, and a page is let through', () => {
  expect(holdOf(403, {}, '<h1>403 Forbidden</h1>')).toBe('http_error');
  expect(holdOf(500, {}, '')).toBe('http_error');
  expect(holdOf(200, {}, '<h1>Harbour Bakery</h1>')).toBeNull();
});
