import {
  type Client,
  QueryRejectedError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
  type WorkflowStartOptions,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { RunKind } from '../src/journal/runs/rules.ts';
import { AgosError, type ErrorDetails } from '../src/kernel/errors.ts';
import { errorCodeOf, findFailure } from '../workflows/lib/failures.ts';
import { SEARCH_KEYS } from '../workflows/lib/search-keys.ts';
import { callTemporal } from './call.ts';
import type { Gateway, StartOutcome, StartRequest } from './gateway-type.ts';
import type { RunWorkflow } from './run-workflows.ts';

/** An update's handler records its answer in the database before it answers. */
const UPDATE_DEADLINE_MS = 15_000;

export type GatewayDeps = {
  client: Client;
  workflows: Record<RunKind, RunWorkflow>;
  /** Origin of the API, for the link that the Web UI shows; no link without it. */
  publicUrl?: string | undefined;
};

/** The gateway of this process; it needs no connection until it is used. */
export function createGateway(deps: GatewayDeps): Gateway {
  const { client } = deps;
  const onOpen = <T>(workflowId: string, call: (handle: WorkflowHandle) => Promise<T>, deadlineMs?: number) =>
    callTemporal(client, () => call(client.workflow.getHandle(workflowId)), deadlineMs).catch(translate);

  return {
    start: (request) => start(deps, request),
    signal: (workflowId, signal, argument) => onOpen(workflowId, (handle) => handle.signal(signal, argument)),
    query: <Result>(workflowId: string, query: string) =>
      onOpen(workflowId, (handle) => handle.query<Result>(query)),
    update: async <Result>(workflowId: string, update: string, argument: unknown) => {
      // The long deadline is for the handler: a server that is down must show within the short one.
      await onOpen(workflowId, requireOpen);
      return onOpen(
        workflowId,
        (handle) => handle.executeUpdate<Result, [unknown]>(update, { args: [argument] }),
        UPDATE_DEADLINE_MS,
      );
    },
    reachable: () =>
      callTemporal(client, () => client.workflowService.getSystemInfo({})).then(
        () => true,
        () => false,
      ),
  };
}

async function start(deps: GatewayDeps, request: StartRequest): Promise<StartOutcome> {
  const { client } = deps;
  const { workflowType } = deps.workflows[request.kind];
  try {
    const handle = await callTemporal(client, () =>
      client.workflow.start(workflowType, startOptions(deps, request)),
    );
    return { outcome: 'started', temporalRunId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const running = await callTemporal(client, () =>
      client.workflow.getHandle(request.workflowId).describe(),
    );
    return { outcome: 'already_running', temporalRunId: running.runId };
  }
}

/** The workflow id is the lock: it may be used again after its run ended, never while one is open. */
function startOptions(deps: GatewayDeps, request: StartRequest): WorkflowStartOptions {
  const { queue, area } = deps.workflows[request.kind];
  const searchAttributes = new TypedSearchAttributes([
    { key: SEARCH_KEYS.tenant, value: request.tenant },
    { key: SEARCH_KEYS.area, value: area },
    { key: SEARCH_KEYS.status, value: 'started' },
    ...(request.leadId === null ? [] : [{ key: SEARCH_KEYS.lead, value: request.leadId }]),
  ]);
  return {
    workflowId: request.workflowId,
    taskQueue: queue,
    args: [request.input],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'FAIL',
    typedSearchAttributes: searchAttributes,
    priority: { fairnessKey: request.tenant },
    staticSummary: request.summary,
    staticDetails: detailsOf(deps.publicUrl, request),
  };
}

/** The API answers nobody without a key, also not a click: hence the command, which has one. */
function detailsOf(publicUrl: string | undefined, { leadId, runId, tenant }: StartRequest): string {
  const link = (text: string, path: string) => `[${text}](${new URL(path, publicUrl)})`;
  return [
    leadId && `\`agos lead ${leadId}\` shows the lead and a link to its report.`,
    publicUrl &&
      `Over HTTP, with an API key: ${[
        leadId && link('report', `/v1/leads/${leadId}/report`),
        link('run', `/v1/runs/${runId}`),
      ]
        .filter(Boolean)
        .join(', ')}.`,
    `Run ${runId} of tenant ${tenant}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

async function requireOpen(handle: WorkflowHandle): Promise<void> {
  const { status } = await handle.describe();
  if (status.name !== 'RUNNING') throw runEnded();
}

function runEnded(): AgosError {
  return new AgosError('run_ended', 'This work is not running: it has ended or has not begun yet.');
}

function translate(error: unknown): never {
  if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) throw runEnded();
  if (error instanceof WorkflowUpdateFailedError) throw fromUpdate(error);
  throw error;
}

/** A refused update names an error code; what it does not name stays unknown to the caller. */
function fromUpdate(error: WorkflowUpdateFailedError): Error {
  const failure = findFailure(error);
  const code = errorCodeOf(failure?.type);
  if (!failure || !code) return error;
  const details = failure.details[0];
  return new AgosError(code, failure.message, isRecord(details) ? (details as ErrorDetails) : {});
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
