import type { z } from 'zod';
import type { SkillPrompt } from '../skills/skill.ts';

/** Tokens of one call as the provider counted them. */
export type TokenUsage = { inputTokens: number; outputTokens: number };

/** One request to a model: the answer must fit the schema. */
export type ModelRequest<Output> = {
  model: string;
  prompt: SkillPrompt;
  schema: z.ZodType<Output>;
  maxOutputTokens: number;
  /** The provider is given up after this time; a failure that passes. */
  timeoutMs: number;
  signal: AbortSignal;
};

/** Speaks one model provider's protocol; throws `ModelCallError`. */
export type ModelProvider = {
  call<Output>(request: ModelRequest<Output>): Promise<{ output: Output; usage: TokenUsage }>;
};

/** A model call that gave no usable answer; `passing` says whether the same call may succeed later. */
export class ModelCallError extends Error {
  readonly passing: boolean;
  readonly retryAfterMs: number | null;
  readonly usage: TokenUsage;
  /** False when nobody can tell whether the provider answered, and so whether the call is paid for. */
  readonly answered: boolean;

  constructor(
    message: string,
    facts: {
      passing: boolean;
      retryAfterMs?: number | null;
      usage?: TokenUsage;
      answered?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, { cause: facts.cause });
    this.name = 'ModelCallError';
    this.passing = facts.passing;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.answered = facts.answered ?? true;
    this.usage = facts.usage ?? { inputTokens: 0, outputTokens: 0 };
  }
}
