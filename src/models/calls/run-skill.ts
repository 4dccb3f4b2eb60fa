import { setTimeout as sleep } from 'node:timers/promises';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Skill, SkillPrompt } from '../skills/skill.ts';
import { costMicroUsd, type PriceTable } from './prices.ts';
import { ModelCallError, type ModelProvider, type TokenUsage } from './provider.ts';

/** Mark of an answer that no model wrote. */
export const OFFLINE = 'offline';

/** Models by tier; without a provider every skill answers by its offline method. */
export type SkillRunner = {
  provider: ModelProvider | null;
  models: Record<'fast' | 'balanced' | 'strategic', string>;
  prices: PriceTable;
  clock: Clock;
  /** Look on while a skill runs: metrics and traces. */
  observers?: readonly ObserveCall[];
};

export type ObserveCall = <Output>(
  skill: { name: string; tier: keyof SkillRunner['models'] },
  call: () => Promise<SkillRun<Output>>,
) => Promise<SkillRun<Output>>;

/** The agent that a skill works for, as the registry has it: who it is, and how long one call may take. */
export type SkillAgent = { systemPrompt: string; timeoutSeconds: number };

/** What a call to a model is paid from. */
export type CallBudget = {
  /** Throws `budget_exceeded` when there is no room for a call that may cost this much. */
  reserve(microUsd: number): Promise<void>;
  /**
   * Settles with what the call came to, or with the reservation where nobody can tell. An answer that counts comes
   * with it: whoever stores it in the same transaction never pays for it twice.
   */
  settle(microUsd: number | 'reserved', answer?: SkillRun<unknown>): Promise<void>;
};

/** What one run of a skill gave, and what it took: becomes transcript, tokens and cost. */
export type SkillRun<Output> = {
  output: Output;
  generatedBy: string;
  usage: TokenUsage;
  costMicroUsd: number;
  durationMs: number;
  request: unknown;
  /** Why a model that was asked did not give this answer. */
  modelError: string | null;
};

type SkillCall = {
  agent: SkillAgent;
  signal: AbortSignal;
  timeoutMs: number;
  mayRetry: boolean;
  budget: CallBudget;
};

/**
 * Runs a skill once: by the model of its tier, else by its offline method. A passing failure is thrown
 * while `mayRetry`, so that Temporal tries again; any other one, and a budget that has no room for the call,
 * falls back to the offline method.
 */
export function runSkill<Input, Output>(
  runner: SkillRunner,
  skill: Skill<Input, Output>,
  input: Input,
  call: SkillCall,
): Promise<SkillRun<Output>> {
  const observers = runner.observers ?? [];
  const answer = () => answerSkill(runner, skill, input, call);
  return observers.reduce((inner, observe) => () => observe(skill, inner), answer)();
}

async function answerSkill<Input, Output>(
  runner: SkillRunner,
  skill: Skill<Input, Output>,
  input: Input,
  call: SkillCall,
): Promise<SkillRun<Output>> {
  const startedMs = runner.clock.now().getTime();
  const costOf = (model: string, usage: TokenUsage) => costMicroUsd(runner.prices, model, usage);
  const parsed = skill.inputSchema.parse(input);
  const done = (answer: Omit<SkillRun<Output>, 'durationMs'>): SkillRun<Output> => ({
    ...answer,
    durationMs: runner.clock.now().getTime() - startedMs,
  });
  const offline = (why: { message: string; usage?: TokenUsage } | null, model: string | null) => {
    const usage = why?.usage ?? NO_TOKENS;
    return done({
      output: skill.outputSchema.parse(skill.offline(parsed)),
      generatedBy: OFFLINE,
      usage,
      costMicroUsd: model ? costOf(model, usage) : 0,
      request: { skill: skill.name, version: skill.version, input: parsed },
      modelError: why?.message ?? null,
    });
  };

  if (!runner.provider) return offline(null, null);
  const model = runner.models[skill.tier];
  const { system, user } = skill.prompt(parsed);
  const prompt = { system: `${call.agent.systemPrompt}\n\n${system}`, user };
  const { maxOutputTokens } = skill;
  try {
    await call.budget.reserve(costOf(model, mostTokens(prompt, maxOutputTokens)));
  } catch (error) {
    if (!(error instanceof AgosError) || error.code !== 'budget_exceeded') throw error;
    return offline(error, null);
  }
  let answer: { output: Output; usage: TokenUsage };
  try {
    answer = await runner.provider.call({
      model,
      prompt,
      schema: skill.outputSchema,
      maxOutputTokens,
      timeoutMs: Math.min(call.timeoutMs, call.agent.timeoutSeconds * 1000),
      signal: call.signal,
    });
  } catch (error) {
    const isKnown = error instanceof ModelCallError && error.answered;
    await call.budget.settle(isKnown ? costOf(model, error.usage) : 'reserved');
    if (!(error instanceof ModelCallError) || (error.passing && call.mayRetry)) throw error;
    return offline(error, model);
  }
  const { output, usage } = answer;
  const cost = { costMicroUsd: costOf(model, usage) };
  const run = done({ output, generatedBy: model, usage, ...cost, request: prompt, modelError: null });
  await settleAnswered(call.budget, run);
  return run;
}

const SETTLE_PAUSES_MS = [100, 500, 1_000];

/**
 * Settles a call whose cost is known. The answer is here and paid for: a database that is away for a moment
 * must not have it asked and paid for again. What cannot be settled by then is left to the sweep.
 */
async function settleAnswered(budget: CallBudget, answer: SkillRun<unknown>): Promise<void> {
  for (const pauseMs of [...SETTLE_PAUSES_MS, null]) {
    try {
      return await budget.settle(answer.costMicroUsd, answer);
    } catch {
      if (pauseMs !== null) await sleep(pauseMs);
    }
  }
}

const NO_TOKENS: TokenUsage = { inputTokens: 0, outputTokens: 0 };

/** A token is seldom less than a letter, also in scripts without an alphabet; no answer is longer than its limit. */
function mostTokens({ system, user }: SkillPrompt, maxOutputTokens: number): TokenUsage {
  return { inputTokens: system.length + user.length, outputTokens: maxOutputTokens };
}
