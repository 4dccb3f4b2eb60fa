import { z } from '@hono/zod-openapi';
import type { Gateway } from '../../../temporal/gateway-type.ts';
import {
  DECIDE_UPDATE,
  type DecideRequest,
  type DecideResult,
  PROGRESS_QUERY,
  type TriageProgress,
  triageWorkflowId,
} from '../../../workflows/triage/triage-room/messages.ts';
import { defineRoute, idParam, type Route } from '../../api/kit/index.ts';
import { findApproval, findOwnDecision } from '../../control/approvals/repository.ts';
import type { SignTicket } from '../../control/approvals/tickets.ts';
import type { RunRow } from '../../journal/runs/repository.ts';
import { runView, toRunView } from '../../journal/runs/schemas.ts';
import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { ADMISSION_HOLD_CODES } from '../../kernel/holds.ts';
import { findLead, type LeadRow } from '../../leads/leads/repository.ts';
import type { UrlRules } from '../../leads/leads/stored-url.ts';
import type { Database } from '../../runtime/database/database.ts';
import { parseTarget } from '../../runtime/egress/address.ts';
import type { TriageRequests } from './request-triage.ts';

export type TriageRoutesDeps = {
  gateway: Pick<Gateway, 'query' | 'update'>;
  requests: TriageRequests;
  startSoon(run: RunRow): Promise<void>;
  signTicket: SignTicket;
  urlRules: UrlRules;
};

const tag = 'Triage';
const params = z.strictObject({ id: idParam });
const accepted = {
  description: 'The run that does the work; follow its Location.',
  schema: runView,
  headers: { location: 'Address of the run.' },
};

/** Room 1 over HTTP: start a triage, watch it, decide on a score that waits. */
export function triageRoutes(deps: TriageRoutesDeps): readonly Route[] {
  return [startRoute(deps), auditRoute(deps), progressRoute(deps), decideRoute(deps)];
}

const startRoute = (deps: TriageRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/leads/{id}/triage',
    operationId: 'triageLead',
    summary: 'Scan a lead again, or for the first time',
    description: 'While a scan of the lead is running, the answer is that run.',
    tag,
    permission: 'triage:run',
    request: { params },
    responses: { 202: accepted },
    errors: ['not_found', 'status_transition_invalid', 'kill_switch_on', ...ADMISSION_HOLD_CODES],
    handler: async (ctx) => {
      const { run } = await deps.requests.requestTriage(ctx, { leadId: ctx.params.id });
      return acceptedRun(deps, run);
    },
  });

const auditRoute = (deps: TriageRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/audits',
    operationId: 'createAudit',
    summary: 'Scan one URL and keep no lead',
    description:
      'Its score decides: a review by a person, as playbooks have it near the bar, is for leads only.',
    tag,
    permission: 'triage:run',
    request: { body: z.strictObject({ url: z.string().min(1).max(4096) }) },
    responses: { 202: accepted },
    errors: [
      'url_invalid',
      'url_scheme_not_allowed',
      'url_target_forbidden',
      'url_credentials_not_allowed',
      'url_port_not_allowed',
      'identifier_invalid',
      'kill_switch_on',
      ...ADMISSION_HOLD_CODES,
    ],
    handler: async (ctx) => {
      const target = parseTarget(ctx.body.url, { ...deps.urlRules, field: 'url' });
      const url = target.schemeGiven ? target.url : ctx.body.url.trim();
      const run = await deps.requests.requestAudit(ctx, { url });
      return acceptedRun(deps, run);
    },
  });

const progressView = z.strictObject({
  step: z.string(),
  steps_done: z.array(z.string()),
  hold_code: z.string().nullable(),
  score: z.number().nullable(),
  awaiting_until: z.iso.datetime().nullable(),
  paused: z.strictObject({ code: z.literal('budget_exceeded'), until: z.iso.datetime() }).nullable(),
});

const progressRoute = (deps: TriageRoutesDeps) =>
  defineRoute({
    method: 'get',
    path: '/v1/leads/{id}/progress',
    operationId: 'getTriageProgress',
    summary: 'How far the running scan of a lead is',
    tag,
    permission: 'runs:read',
    transaction: 'none',
    request: { params },
    responses: { 200: { description: 'The live state.', schema: progressView } },
    errors: ['not_found', 'run_ended', 'temporal_unavailable'],
    handler: async (ctx) => {
      const lead = await readLead(ctx.db, ctx.scope, ctx.params.id);
      const workflowId = triageWorkflowId(ctx.scope.tenant, lead.id);
      return { status: 200, body: await deps.gateway.query<TriageProgress>(workflowId, PROGRESS_QUERY) };
    },
  });

const decideRoute = (deps: TriageRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/leads/{id}/decision',
    operationId: 'decideLead',
    summary: 'Decide on a lead whose score waits for a person',
    description: 'Who repeats a decision that stands is answered with it.',
    tag,
    permission: 'decisions:decide',
    transaction: 'none',
    request: {
      params,
      body: z.strictObject({
        outcome: z.enum(['qualified', 'disqualified']),
        reason: z.string().trim().min(1).max(1000).optional(),
      }),
    },
    responses: {
      200: {
        description: 'The decision that now stands.',
        schema: z.strictObject({
          outcome: z.enum(['qualified', 'disqualified']),
          decided_at: z.iso.datetime(),
          approval_id: z.uuid(),
        }),
      },
    },
    errors: [
      'not_found',
      'not_awaiting',
      'already_decided',
      'permission_denied',
      'run_ended',
      'temporal_unavailable',
    ],
    handler: async (ctx) => {
      const { scope } = ctx;
      const lead = await readLead(ctx.db, scope, ctx.params.id);
      const { outcome, reason } = ctx.body;
      const known = () => findRepeated(ctx, lead, { outcome, reason: reason ?? null });
      if (!lead.awaiting) {
        const body = await known();
        if (body) return { status: 200, body };
        throw new AgosError('not_awaiting', 'This lead does not wait for a decision.');
      }
      const approvalId = lead.awaiting.approval_id;
      const approval = await ctx.db.withTenant(scope, (tx) => findApproval(tx, scope.tenant, approvalId));
      if (!approval?.decidableBy.includes(ctx.identity.role)) {
        throw new AgosError('permission_denied', 'Your role may not decide on this.');
      }
      const ticket = await deps.signTicket({
        tenant: scope.tenant,
        actorKind: ctx.identity.principal.kind,
        actorId: scope.actor.id,
        requestId: ctx.requestId,
        address: ctx.address,
        userAgent: ctx.userAgent,
        approvalId,
        digest: approval.argumentsDigest,
        outcome,
      });
      const request: DecideRequest = { outcome, ticket, ...(reason !== undefined && { reason }) };
      try {
        const { workflowId } = approval;
        return {
          status: 200,
          body: await deps.gateway.update<DecideResult>(workflowId, DECIDE_UPDATE, request),
        };
      } catch (error) {
        const body = isDecided(error) ? await known() : null;
        if (body) return { status: 200, body };
        throw error;
      }
    },
  });

/** The decision that this caller has made before on the lead's present run, when it is the same one. */
async function findRepeated(
  { db, scope }: { db: Database; scope: TenantScope },
  lead: LeadRow,
  decision: { outcome: DecideRequest['outcome']; reason: string | null },
): Promise<DecideResult | null> {
  const { currentRunId: runId } = lead;
  if (runId === null) return null;
  const by = { runId, actorId: scope.actor.id };
  const made = await db.withTenant(scope, (tx) => findOwnDecision(tx, scope.tenant, by));
  if (!made?.decidedAt || made.outcome !== decision.outcome || made.reason !== decision.reason) return null;
  return { outcome: made.outcome, decided_at: made.decidedAt.toISOString(), approval_id: made.id };
}

function isDecided(error: unknown): boolean {
  return error instanceof AgosError && ['already_decided', 'not_awaiting', 'run_ended'].includes(error.code);
}

function acceptedRun(deps: TriageRoutesDeps, run: RunRow) {
  return {
    status: 202 as const,
    body: toRunView(run),
    headers: { location: `/v1/runs/${run.id}` },
    afterCommit: () => deps.startSoon(run),
  };
}

async function readLead(db: Database, scope: TenantScope, id: string): Promise<LeadRow> {
  const lead = await db.withTenant(scope, (tx) => findLead(tx, scope.tenant, id));
  if (!lead) throw new AgosError('not_found', 'There is no such lead.');
  return lead;
}
