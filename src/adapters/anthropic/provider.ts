import Anthropic, { APIConnectionError, APIError, APIUserAbortError } from '@anthropic-ai/sdk';
import { zodOutputFormat } from '@anthropic-ai/sdk/helpers/zod';
import { ModelCallError, type ModelProvider, type TokenUsage } from '../../models/calls/provider.ts';

/** Claude through Anthropic's Messages API; retries are Temporal's, so the SDK's own are off. */
export function createAnthropicProvider(options: { apiKey: string; baseUrl?: string }): ModelProvider {
  const client = new Anthropic({
    apiKey: options.apiKey,
    maxRetries: 0,
    ...(options.baseUrl && { baseURL: options.baseUrl }),
  });
  return {
    async call({ model, prompt, schema, maxOutputTokens, timeoutMs, signal }) {
      const answer = await asking(() =>
        client.messages.create(
          {
            model,
            max_tokens: maxOutputTokens,
            system: prompt.system,
            messages: [{ role: 'user', content: prompt.user }],
            output_config: { format: zodOutputFormat(schema) },
          },
          { signal, timeout: timeoutMs },
        ),
      );
      const usage: TokenUsage = {
        inputTokens: answer.usage.input_tokens,
        outputTokens: answer.usage.output_tokens,
      };
      const text = answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
      const parsed = schema.safeParse(parseJson(text));
      if (!parsed.success) {
        throw new ModelCallError(
          `The model ended with ${answer.stop_reason} and an answer that does not fit.`,
          {
            passing: false,
            usage,
          },
        );
      }
      return { output: parsed.data, usage };
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function asking<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toModelCallError(error);
  }
}

/** Sorts the SDK's errors; connection errors come first, since they are `APIError`s without a status. */
export function toModelCallError(error: unknown): unknown {
  if (error instanceof APIUserAbortError) return error;
  if (error instanceof APIConnectionError) {
    const message = 'The model provider could not be reached.';
    return new ModelCallError(message, { passing: true, answered: false, cause: error });
  }
  if (!(error instanceof APIError)) return error;
  const status = error.status ?? 0;
  const passing = status === 408 || status === 409 || status === 429 || status >= 500;
  return new ModelCallError(`The model provider answered ${status} (${error.type ?? 'unknown'}).`, {
    passing,
    retryAfterMs: retryAfterMs(error.headers),
    cause: error,
  });
}

function retryAfterMs(headers: Headers | undefined): number | null {
  const exact = Number(headers?.get('retry-after-ms'));
  if (exact > 0) return exact;
  const seconds = Number(headers?.get('retry-after'));
  return seconds > 0 ? seconds * 1000 : null;
}
