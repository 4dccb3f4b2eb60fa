import { expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../runtime/clock.ts';
import { costMicroUsd, LIST_PRICES } from './prices.ts';
import { runSkill } from './run-skill.ts';

const MODEL = 'claude-haiku-5-5';
const USAGE = { inputTokens: 1_000, outputTokens: 10 };

/** Runs a skill whose call is answered, with a ledger that fails so many times before it takes the settling. */
async function run(failures: number) {
  const settled: (number | 'reserved')[] = [];
  let asked = 0;
  const provider = {
    call: async <Output>() => {
      asked += 1;
      return { output: { text: 'by the model' } as Output, usage: USAGE };
    },
  };
  const text = z.object({ text: z.string() });
  const skill = {
    name: 'say',
    version: '1',
    tier: 'fast',
    maxOutputTokens: 50,
    inputSchema: text,
    outputSchema: text,
    prompt: () => ({ system: '', user: '' }),
    offline: () => ({ text: 'offline' }),
  } as const;
  const budget = {
    reserve: async () => {},
    settle: async (amount: number | 'reserved') => {
      settled.push(amount);
      if (settled.length <= failures) throw new Error('the database is away');
    },
  };
  const models = { fast: MODEL, balanced: MODEL, strategic: MODEL };
  const runner = { provider, models, prices: LIST_PRICES, clock: systemClock };
  const agent = { systemPrompt: '', timeoutSeconds: 1 };
  const signal = new AbortController().signal;
  const { output } = await runSkill(
    runner,
    skill,
    { text: '' },
    { agent, signal, timeoutMs: 1_000, mayRetry: true, budget },
  );
  return { text: output.text, asked, settled };
}

// sabotage: src/models/calls/run-skill.ts :: await settleAnswered(call.budget, run); => await call.budget.settle(run.costMicroUsd, run);
test('an answer whose cost cannot be written at once is kept, and its cost is what was measured', async () => {
  const cost = costMicroUsd(LIST_PRICES, MODEL, USAGE);
  expect(await run(1)).toEqual({ text: 'by the model', asked: 1, settled: [cost, cost] });
});

test('an answer is kept also when its cost is left to the sweep', async () => {
  const { text, asked, settled } = await run(99);
  expect([text, asked]).toEqual(['by the model', 1]);
  expect(settled).not.toContain('reserved');
});
