import { z } from 'zod';
import type { TokenUsage } from './provider.ts';

/** Price of one model in micro-dollars per million tokens; a second band above a prompt size where there is one. */
type Price = Band & { above?: Band & { promptTokens: number } };
type Band = { input: number; output: number };

/** What each model costs, by its id. */
export type PriceTable = Readonly<Record<string, Price>>;

const usd = (dollars: number) => Math.round(dollars * 1_000_000);

/** List prices of the Claude models as of 2026-11. */
export const LIST_PRICES: PriceTable = {
  'claude-fable-5-2': { input: usd(8), output: usd(40) },
  'claude-opus-5-5': { input: usd(4), output: usd(20) },
  'claude-sonnet-5-5': { input: usd(2), output: usd(10) },
  'claude-haiku-5-5': {
    input: usd(0.1),
    output: usd(0.5),
    above: { promptTokens: 100_000, input: usd(0.5), output: usd(2.5) },
  },
};

const dollars = z.number().min(0).max(10_000).transform(usd);
const band = { input: dollars, output: dollars };
/** A long prompt is never the cheaper one: what a call may cost at most is told before its tokens are known. */
const pricesSchema = z.record(
  z.string().min(1),
  z
    .strictObject({
      ...band,
      above: z.strictObject({ prompt_tokens: z.int().min(1), ...band }).optional(),
    })
    .refine(({ input, output, above }) => !above || (above.input >= input && above.output >= output)),
);

/** The list prices with those of `AGOS_MODEL_PRICES` in their place; throws a sentence when it is wrong. */
export function parsePrices(text: string | undefined): PriceTable {
  if (text === undefined || text.trim() === '') return LIST_PRICES;
  try {
    const given = Object.entries(pricesSchema.parse(JSON.parse(text))).map(
      ([model, { above, ...price }]): [string, Price] => {
        if (!above) return [model, price];
        const { prompt_tokens: promptTokens, ...dearer } = above;
        return [model, { ...price, above: { promptTokens, ...dearer } }];
      },
    );
    return { ...LIST_PRICES, ...Object.fromEntries(given) };
  } catch {
    throw new Error(
      'AGOS_MODEL_PRICES must be JSON: {"model id": {"input": 2, "output": 10}}, in dollars per million tokens, with "above": {"prompt_tokens", "input", "output"} where long prompts cost more',
    );
  }
}

/** Cost of one call in micro-dollars, rounded up; a model without a price costs as much as the dearest one. */
export function costMicroUsd(prices: PriceTable, model: string, usage: TokenUsage): number {
  const price = Object.hasOwn(prices, model) ? prices[model]! : dearestOf(prices);
  const { input, output } = price.above && usage.inputTokens > price.above.promptTokens ? price.above : price;
  return Math.ceil((usage.inputTokens * input + usage.outputTokens * output) / 1_000_000);
}

function dearestOf(prices: PriceTable): Price {
  const bands = Object.values(prices).flatMap((price) => [price, price.above ?? price]);
  const most = (of: keyof Band) => Math.max(...bands.map((one) => one[of]));
  return { input: most('input'), output: most('output') };
}
