import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatTraceparent, parseTraceparent } from './trace-place.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a place comes back as it was written', () => {
  for (const sampled of [true, false]) {
    const place = { traceId: TRACE, spanId: SPAN, sampled };
    expect(parseTraceparent(formatTraceparent(place))).toEqual(place);
  }
});

test.each([
  ['nothing', undefined],
  ['two headers in one', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
  ['another version', `01-${TRACE}-${SPAN}-01`],
  ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['something behind it', `00-${TRACE}-${SPAN}-01-x`],
  ['a line break', `00-${TRACE}-${SPAN}-01\n`],
])('%s is no place', (_, text) => {
  expect(parseTraceparent(text)).toBeNull();
});

test('whatever a stranger sends is read or refused, and never throws', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void parseTraceparent(text)));
});
