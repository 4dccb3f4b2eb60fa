import type { z } from 'zod';

/** Who wrote a text: a model by its id, or the offline method. */
export type GeneratedBy = string;

export type SkillPrompt = {
  /** Instructions of ours alone; nothing from a stranger. */
  system: string;
  /** The task with its data; what strangers wrote stands inside marked data blocks. */
  user: string;
};

/** One focused model task; the offline method answers honestly when no model is at hand. */
export type Skill<Input, Output> = {
  name: string;
  version: string;
  tier: 'fast' | 'balanced' | 'strategic';
  inputSchema: z.ZodType<Input>;
  outputSchema: z.ZodType<Output>;
  maxOutputTokens: number;
  prompt(input: Input): SkillPrompt;
  offline(input: Input): Output;
};
