import { AgosError } from '../../src/kernel/errors.ts';
import type { Gateway, StartRequest } from '../../temporal/gateway-type.ts';

export type FakeGateway = Gateway & {
  /** Turns the server off and on. */
  up: boolean;
  started: StartRequest[];
  signals: { workflowId: string; signal: string; argument: unknown }[];
};

/**
 * Stands where Temporal would for tests of what the API does before and after it: it keeps the gateway's
 * promises (one open workflow per id, `temporal_unavailable` when down, `run_ended` when none is open).
 */
export function createFakeGateway(): FakeGateway {
  const open = new Map<string, string>();
  const requireUp = (): void => {
    if (gateway.up) return;
    throw new AgosError('temporal_unavailable', 'Temporal does not answer.', { retryAfterSeconds: 5 });
  };
  const requireOpen = (workflowId: string): void => {
    requireUp();
    if (!open.has(workflowId)) throw new AgosError('run_ended', 'This run is not open any more.');
  };
  const gateway: FakeGateway = {
    up: true,
    started: [],
    signals: [],
    start: async (request) => {
      requireUp();
      const known = open.get(request.workflowId);
      if (known) return { outcome: 'already_running', temporalRunId: known };
      const temporalRunId = `temporal-${open.size + 1}`;
      open.set(request.workflowId, temporalRunId);
      gateway.started.push(request);
      return { outcome: 'started', temporalRunId };
    },
    signal: async (workflowId, signal, argument) => {
      requireOpen(workflowId);
      gateway.signals.push({ workflowId, signal, argument });
    },
    query: async (workflowId) => {
      requireOpen(workflowId);
      throw new AgosError('run_ended', 'The fake answers no queries.');
    },
    update: async (workflowId) => {
      requireOpen(workflowId);
      throw new AgosError('run_ended', 'The fake answers no updates.');
    },
    reachable: async () => gateway.up,
  };
  return gateway;
}
