import { Counter, Histogram } from 'prom-client';
import { type Registry, WORK_SECONDS } from '../../runtime/telemetry/registry.ts';
import { type ObserveCall, OFFLINE } from './run-skill.ts';

const LABELS = ['skill', 'tier', 'generated_by'] as const;

/** Counts calls of skills with their tokens and cost, by skill, tier and how the answer came about. */
export function observeCalls(registry: Registry): ObserveCall {
  const about = { labelNames: LABELS, registers: [registry] };
  const duration = new Histogram({
    ...about,
    name: 'agos_model_call_duration_seconds',
    help: 'Calls of skills, answered by a model or the offline method; `nobody`: the call failed.',
    buckets: WORK_SECONDS,
  });
  const tokens = new Counter({
    name: 'agos_model_tokens_total',
    help: 'Tokens as the provider counted them.',
    labelNames: [...LABELS, 'direction'],
    registers: [registry],
  });
  const cost = new Counter({
    ...about,
    name: 'agos_model_cost_micro_usd_total',
    help: 'What model calls came to, in millionths of a US dollar.',
  });
  return async ({ name: skill, tier }, call) => {
    const ended = duration.startTimer({ skill, tier });
    try {
      const run = await call();
      const labels = { skill, tier, generated_by: run.generatedBy === OFFLINE ? 'offline' : 'model' };
      ended(labels);
      tokens.inc({ ...labels, direction: 'input' }, run.usage.inputTokens);
      tokens.inc({ ...labels, direction: 'output' }, run.usage.outputTokens);
      cost.inc(labels, run.costMicroUsd);
      return run;
    } catch (error) {
      ended({ generated_by: 'nobody' });
      throw error;
    }
  };
}
