import type { RunKind } from '../src/journal/runs/rules.ts';

/** What it takes to start the workflow of one run. */
export type StartRequest = {
  kind: RunKind;
  workflowId: string;
  tenant: string;
  runId: string;
  leadId: string | null;
  /** Plain ids only: it becomes the workflow's single argument. */
  input: Record<string, unknown>;
  /** One line that the Web UI shows for this workflow, such as the lead's domain. */
  summary: string;
};

/**
 * `already_running`: a workflow with this id is open, perhaps one of an older run that is just ending.
 * Only `started` marks the run; an open workflow of this very run claims it by its first activity.
 */
export type StartOutcome = { outcome: 'started' | 'already_running'; temporalRunId: string };

/**
 * The only way from the API to Temporal. Every method throws `temporal_unavailable` when the server does
 * not answer within two seconds, and `run_ended` when the workflow is not open (any more).
 */
export type Gateway = {
  start(request: StartRequest): Promise<StartOutcome>;
  signal(workflowId: string, signal: string, argument: unknown): Promise<void>;
  query<Result>(workflowId: string, query: string): Promise<Result>;
  /** Waits for the update's result; a rejected one throws the `AgosError` that the workflow named. */
  update<Result>(workflowId: string, update: string, argument: unknown): Promise<Result>;
  reachable(): Promise<boolean>;
};

/** What Temporal says about the workflow of a run; `stuck` means that its code or payloads cannot go on, `failures` how often its own step has failed in a row. */
export type Observation =
  | { state: 'open' | 'stuck'; temporalRunId: string; failures: number }
  | { state: 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed_out' }
  | { state: 'not_found' };

/** How the worker looks after runs that operators and faults may have ended behind our back. */
export type RunObserver = {
  observe(workflowId: string): Promise<Observation>;
  /** Ends one run of a workflow for good; one that has ended already is left alone. */
  terminate(workflow: { workflowId: string; temporalRunId: string }, reason: string): Promise<void>;
};
