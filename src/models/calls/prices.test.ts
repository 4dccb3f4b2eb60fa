import { expect, test } from 'vitest';
import { costMicroUsd, LIST_PRICES, parsePrices } from './prices.ts';

const MILLION = { inputTokens: 1_000_000, outputTokens: 1_000_000 };

test('without a setting the list prices count, a long prompt at its own', () => {
  const prices = parsePrices(undefined);
  expect(prices).toEqual(LIST_PRICES);
  expect(costMicroUsd(prices, 'claude-sonnet-5-5', MILLION)).toBe(12_000_000);
  expect(costMicroUsd(prices, 'claude-haiku-5-5', { inputTokens: 100_000, outputTokens: 0 })).toBe(10_000);
  expect(costMicroUsd(prices, 'claude-haiku-5-5', { inputTokens: 100_001, outputTokens: 0 })).toBe(50_001);
});

test('prices of the setting take the place of the list, and new models come to it', () => {
  const prices = parsePrices(
    '{"claude-sonnet-5-5": {"input": 1.5, "output": 7}, "new": {"input": 3, "output": 4, "above": {"prompt_tokens": 10, "input": 5, "output": 50}}}',
  );
  expect(costMicroUsd(prices, 'claude-sonnet-5-5', MILLION)).toBe(8_500_000);
  expect(costMicroUsd(prices, 'new', { inputTokens: 10, outputTokens: 1 })).toBe(34);
  expect(costMicroUsd(prices, 'new', { inputTokens: 11, outputTokens: 1 })).toBe(105);
  expect(costMicroUsd(prices, 'claude-opus-5-5', MILLION)).toBe(24_000_000);
});

// sabotage: src/models/calls/prices.ts :: Object.hasOwn(prices, model) ? => model in prices ?
test.each(['unheard-of', 'constructor'])(
  'a model without a price, %s, is never cheaper than another',
  (model) => {
    expect(costMicroUsd(LIST_PRICES, model, MILLION)).toBe(48_000_000);
    const prices = parsePrices(
      '{"dear": {"input": 1, "output": 1, "above": {"prompt_tokens": 5, "input": 90, "output": 2}}}',
    );
    expect(costMicroUsd(prices, model, MILLION)).toBe(130_000_000);
  },
);

test.each([
  '[]',
  'no json',
  '{"a": {"input": 1}}',
  '{"a": {"input": -1, "output": 1}}',
  '{"a": {"input": 1, "output": 1, "per": "token"}}',
  '{"a": {"input": 2, "output": 2, "above": {"prompt_tokens": 9, "input": 1, "output": 3}}}',
])('a setting that is wrong stops the process and says how it is written: %s', (text) => {
  expect(() => parsePrices(text)).toThrow('AGOS_MODEL_PRICES must be JSON');
});
