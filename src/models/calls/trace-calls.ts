import { SpanKind, type Tracer } from '@opentelemetry/api';
import { inSpan } from '../../runtime/telemetry/spans.ts';
import type { ObserveCall } from './run-skill.ts';

/** Each call of a skill is a span with tokens and cost, and nothing of prompt or answer. */
export function traceCalls(tracer: Tracer): ObserveCall {
  return ({ name, tier }, call) =>
    inSpan(
      tracer,
      `model call ${name}`,
      { kind: SpanKind.CLIENT, attributes: { 'agos.tier': tier } },
      async (span) => {
        const run = await call();
        span.setAttributes({
          'agos.generated_by': run.generatedBy,
          'agos.cost_micro_usd': run.costMicroUsd,
          'gen_ai.usage.input_tokens': run.usage.inputTokens,
          'gen_ai.usage.output_tokens': run.usage.outputTokens,
        });
        return run;
      },
    );
}
