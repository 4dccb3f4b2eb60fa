import type { TokenUsage } from './provider.ts';

/** Price of one model in micro-dollars per million tokens; a second band above a prompt size where there is one. */
type Price = {
  input: number;
  output: number;
  above?: { promptTokens: number; input: number; output: number };
};

const usd = (dollars: number) => Math.round(dollars * 1_000_000);

/** List prices of the Claude models as of 2026-11; unknown models cost as much as the dearest one known. */
export const PRICES: Record<string, Price> = {
  'claude-fable-5-2': { input: usd(8), output: usd(40) },
  'claude-opus-5-5': { input: usd(4), output: usd(20) },
  'claude-sonnet-5-5': { input: usd(2), output: usd(10) },
  'claude-haiku-5-5': {
    input: usd(0.1),
    output: usd(0.5),
    above: { promptTokens: 100_000, input: usd(0.5), output: usd(2.5) },
  },
};

const DEAREST: Price = { input: usd(8), output: usd(40) };

/** Cost of one call in micro-dollars, rounded up. */
export function costMicroUsd(model: string, usage: TokenUsage): number {
  const price = PRICES[model] ?? DEAREST;
  const band = price.above && usage.inputTokens > price.above.promptTokens ? price.above : price;
  return Math.ceil((usage.inputTokens * band.input + usage.outputTokens * band.output) / 1_000_000);
}
