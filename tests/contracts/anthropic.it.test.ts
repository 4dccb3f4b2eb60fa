import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createAnthropicProvider } from '../../src/adapters/anthropic/provider.ts';
import { AgosError } from '../../src/kernel/errors.ts';
import { LIST_PRICES } from '../../src/models/calls/prices.ts';
import { ModelCallError, type ModelProvider } from '../../src/models/calls/provider.ts';
import { type CallBudget, OFFLINE, runSkill } from '../../src/models/calls/run-skill.ts';
import type { Skill } from '../../src/models/skills/skill.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const mock = new LLMock({ port: 0 });
let provider: ModelProvider;

const skill: Skill<{ subject: string }, { text: string }> = {
  name: 'sentence',
  version: '1.0.0',
  tier: 'fast',
  inputSchema: z.strictObject({ subject: z.string() }),
  outputSchema: z.strictObject({ text: z.string().min(1) }),
  maxOutputTokens: 200,
  prompt: ({ subject }) => ({ system: 'Write one sentence.', user: `About ${subject}` }),
  offline: ({ subject }) => ({ text: `A plain sentence about ${subject}.` }),
};

const agent = { systemPrompt: 'You are a clerk.', timeoutSeconds: 30 };

/** What each call has reserved and settled with. */
const ledger: { reserved: number; settled: number | 'reserved' }[] = [];
const budget: CallBudget = {
  reserve: async (microUsd) => void ledger.push({ reserved: microUsd, settled: Number.NaN }),
  settle: async (microUsd) => {
    ledger.at(-1)!.settled = microUsd;
  },
};

const ask = (subject: string, mayRetry = true, timeoutMs = 30_000, from = budget) =>
  runSkill(
    {
      provider,
      models: { fast: 'claude-haiku-5-5', balanced: 'b', strategic: 's' },
      prices: LIST_PRICES,
      clock: systemClock,
    },
    skill,
    { subject },
    { agent, signal: new AbortController().signal, timeoutMs, mayRetry, budget: from },
  );

beforeAll(async () => {
  await mock.start();
  provider = createAnthropicProvider({ apiKey: 'sk-ant-test', baseUrl: mock.url });
});
afterAll(() => mock.stop());
beforeEach(() => mock.reset());

describe('Anthropic adapter against a third-party mock of its API', () => {
  test('answers by the schema, names the model, and counts tokens and cost', async () => {
    mock.addFixture({
      match: { userMessage: 'bakery' },
      response: { content: '{"text":"Bread."}', usage: { input_tokens: 1000, output_tokens: 100 } },
    });
    const run = await ask('bakery');
    expect(run.output).toEqual({ text: 'Bread.' });
    expect(run.generatedBy).toBe('claude-haiku-5-5');
    expect(run.usage).toEqual({ inputTokens: 1000, outputTokens: 100 });
    expect(run.costMicroUsd).toBe(150);
    const { reserved, settled } = ledger.at(-1)!;
    expect(settled).toBe(150);
    expect(reserved).toBeGreaterThan(skill.maxOutputTokens / 2);
  });

  test('sends the model, the system text and no sampling parameters, with an authorization header', async () => {
    mock.addFixture({ match: { userMessage: 'barber' }, response: { content: '{"text":"Hair."}' } });
    await ask('barber');
    const [request] = mock.getRequests();
    const body = JSON.stringify(request?.body);
    expect(body).toContain('claude-haiku-5-5');
    expect(body).toContain('You are a clerk.\\n\\nWrite one sentence.');
    expect(body).not.toMatch(/temperature|top_p|top_k/);
    expect(request?.headers).toMatchObject({ authorization: expect.any(String) });
  });

  test('falls back to the offline method, marked so, when the answer does not fit the schema', async () => {
    mock.addFixture({ match: { userMessage: 'garage' }, response: { content: 'not json at all' } });
    const run = await ask('garage');
    expect(run).toMatchObject({ generatedBy: OFFLINE, output: { text: 'A plain sentence about garage.' } });
    expect(run.modelError).toContain('does not fit');
  });

  test.each([429, 500, 529])('throws a passing failure on %i while Temporal may retry', async (status) => {
    mock.addFixture({
      match: { userMessage: 'florist' },
      response: { error: { message: 'busy', type: 'overloaded_error' }, status },
    });
    await expect(ask('florist')).rejects.toMatchObject({ name: 'ModelCallError', passing: true });
    expect(mock.getRequests()).toHaveLength(1);
    expect(ledger.at(-1)?.settled).toBe(0);
    await expect(ask('florist', false)).resolves.toMatchObject({ generatedBy: OFFLINE });
  });

  test.each([400, 401, 403])('falls back at once on %i, which no retry mends', async (status) => {
    mock.addFixture({
      match: { userMessage: 'tailor' },
      response: { error: { message: 'no', type: 'invalid_request_error' }, status },
    });
    await expect(ask('tailor')).resolves.toMatchObject({ generatedBy: OFFLINE });
  });

  test('a call for which the budget has no room is never made', async () => {
    const refused: CallBudget = {
      reserve: async () => {
        throw new AgosError('budget_exceeded', 'The budget is used up.');
      },
      settle: () => Promise.reject(new Error('nothing was reserved')),
    };
    await expect(ask('baker', true, 30_000, refused)).resolves.toMatchObject({
      generatedBy: OFFLINE,
      modelError: 'The budget is used up.',
      costMicroUsd: 0,
    });
    expect(mock.getRequests()).toHaveLength(0);
  });

  test('a model that takes longer than it may is a passing failure, then the offline method', async () => {
    mock.addFixture({
      match: { userMessage: 'clockmaker' },
      response: { content: '{"text":"Late."}' },
      chaos: { latencyMs: 3_000 },
    });
    await expect(ask('clockmaker', true, 300)).rejects.toMatchObject({ passing: true });
    // Nobody can tell whether it was paid for: it counts as reserved.
    expect(ledger.at(-1)?.settled).toBe('reserved');
    await expect(ask('clockmaker', false, 300)).resolves.toMatchObject({ generatedBy: OFFLINE });
  });

  // sabotage: src/adapters/anthropic/provider.ts :: { signal, timeout: timeoutMs }, => { signal },
  test("gives up on a provider that does not answer in the agent's time, which passes", async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const startedMs = Date.now();
    const call = createAnthropicProvider({ apiKey: 'k', baseUrl: `http://127.0.0.1:${port}` }).call({
      model: 'claude-haiku-5-5',
      prompt: { system: 's', user: 'u' },
      schema: skill.outputSchema,
      maxOutputTokens: 10,
      timeoutMs: 500,
      signal: AbortSignal.timeout(10_000),
    });
    await expect(call).rejects.toSatisfy((error) => error instanceof ModelCallError && error.passing);
    expect(Date.now() - startedMs).toBeLessThan(5_000);
    silent.closeAllConnections();
    silent.close();
  });

  test('treats an unreachable provider as passing', async () => {
    const nowhere = createAnthropicProvider({ apiKey: 'k', baseUrl: 'http://127.0.0.1:9' });
    const call = nowhere.call({
      model: 'claude-haiku-5-5',
      prompt: { system: 's', user: 'u' },
      schema: skill.outputSchema,
      maxOutputTokens: 10,
      timeoutMs: 1_000,
      signal: new AbortController().signal,
    });
    await expect(call).rejects.toSatisfy((error) => error instanceof ModelCallError && error.passing);
  });
});
