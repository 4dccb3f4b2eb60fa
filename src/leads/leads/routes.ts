import { z } from '@hono/zod-openapi';
import type { Identity } from '../../access/identity/identity.ts';
import {
  defineRoute,
  etagOf,
  type HandlerBase,
  idParam,
  pagedText,
  pageFields,
  pageOf,
  READS_ONCE,
  type Route,
} from '../../api/kit/index.ts';
import type { RequestContext } from '../../journal/request-context.ts';
import type { RunRow } from '../../journal/runs/repository.ts';
import { runView, toRunView } from '../../journal/runs/schemas.ts';
import { AgosError } from '../../kernel/errors.ts';
import { ADMISSION_HOLD_CODES } from '../../kernel/holds.ts';
import { listContacts } from '../contacts/repository.ts';
import { toContactView } from '../contacts/view.ts';
import { deleteLead, updateLead } from './change-lead.ts';
import { createLead } from './create-lead.ts';
import { CSV_HEADER, csvLine } from './export-csv.ts';
import { listLeads } from './list-leads.ts';
import { findLead } from './repository.ts';
import {
  contactView,
  createLeadInput,
  type LeadFilter,
  leadFilter,
  leadView,
  updateLeadInput,
} from './schemas.ts';
import type { UrlRules } from './stored-url.ts';
import { toLeadView } from './view.ts';

export type LeadRoutesDeps = {
  urlRules: UrlRules;
  /** Asks for a triage in the caller's transaction; Room 1's verb, which leads may not import. */
  requestTriage(ctx: RequestContext, input: { leadId: string }): Promise<{ run: RunRow }>;
  /** Starts a committed run, now or by the sweep. */
  startSoon(run: RunRow): Promise<void>;
};

const tag = 'Leads';
const params = z.strictObject({ id: idParam });
const lead = { description: 'The lead.', schema: leadView, headers: { etag: 'Version of the lead.' } };
const URL_ERRORS = [
  'url_invalid',
  'url_scheme_not_allowed',
  'url_target_forbidden',
  'url_credentials_not_allowed',
  'url_port_not_allowed',
  'identifier_invalid',
] as const;

/** Leads: list, export, create, read, change, remove. */
export function leadRoutes(deps: LeadRoutesDeps): readonly Route[] {
  return [listRoute, exportRoute, createRoute(deps), getRoute, contactsRoute, updateRoute, deleteRoute];
}

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/leads',
  operationId: 'listLeads',
  summary: 'List leads',
  tag,
  permission: 'leads:read',
  transaction: 'read_once',
  request: {
    query: z.strictObject({ ...pageFields(['-created_at', 'score', 'status_changed_at']), ...leadFilter }),
  },
  responses: { 200: { description: 'A page of leads.', schema: pageOf(leadView) } },
  errors: ['query_too_long'],
  handler: async (ctx) => {
    const page = ctx.paging.open(ctx.query);
    const found = await listLeads(ctx.tx, ctx.scope.tenant, ctx.query, page);
    return { status: 200, body: ctx.paging.seal(found, page, toLeadView) };
  },
});

const exportRoute = defineRoute({
  method: 'get',
  path: '/v1/leads.csv',
  operationId: 'exportLeads',
  summary: 'Export leads as CSV',
  description: 'Cells that a spreadsheet would take for a formula get a quote mark in front.',
  tag,
  permission: 'leads:read',
  transaction: 'none',
  request: { query: z.strictObject(leadFilter) },
  responses: { 200: { description: 'All leads that the filter names.', contentType: 'text/csv' } },
  errors: ['query_too_long'],
  handler: async (ctx) => ({ status: 200, stream: exported(ctx, ctx.query) }),
});

const createRoute = (deps: LeadRoutesDeps) =>
  defineRoute({
    method: 'post',
    path: '/v1/leads',
    operationId: 'createLead',
    summary: 'Create a lead',
    description: 'With `triage: true` its scan is asked for in the same transaction; `run` then follows it.',
    tag,
    permission: 'leads:write',
    request: { body: createLeadInput },
    responses: {
      201: {
        description: 'The new lead.',
        // A union: the document would take `nullable()` of a named schema for one that allows no null.
        schema: z.strictObject({ lead: leadView, run: z.union([runView, z.null()]) }),
        headers: { etag: 'Version of the lead.', location: 'Address of the lead.' },
      },
    },
    errors: [
      ...URL_ERRORS,
      'lead_exists',
      'validation_failed',
      'permission_denied',
      'kill_switch_on',
      ...ADMISSION_HOLD_CODES,
    ],
    handler: async (ctx) => {
      if (ctx.body.triage && !ctx.identity.permissions.has('triage:run')) {
        throw new AgosError('permission_denied', 'Your role may create leads but not start scans.');
      }
      requireMayAssign(ctx);
      const created = await createLead(ctx, { ...ctx.body, source: 'api' }, deps.urlRules);
      const run = ctx.body.triage ? (await deps.requestTriage(ctx, { leadId: created.id })).run : null;
      const row = run ? ((await findLead(ctx.tx, ctx.scope.tenant, created.id)) ?? created) : created;
      return {
        status: 201,
        body: { lead: toLeadView(row), run: run && toRunView(run) },
        headers: { etag: etagOf(row.version), location: `/v1/leads/${row.id}` },
        ...(run && { afterCommit: () => deps.startSoon(run) }),
      };
    },
  });

const getRoute = defineRoute({
  method: 'get',
  path: '/v1/leads/{id}',
  operationId: 'getLead',
  summary: 'Get a lead',
  tag,
  permission: 'leads:read',
  transaction: 'read_once',
  request: { params },
  responses: { 200: lead },
  errors: ['not_found'],
  handler: async (ctx) => {
    const row = await findLead(ctx.tx, ctx.scope.tenant, ctx.params.id);
    if (!row) throw new AgosError('not_found', 'There is no such lead.');
    return { status: 200, body: toLeadView(row), headers: { etag: etagOf(row.version) } };
  },
});

const contactsRoute = defineRoute({
  method: 'get',
  path: '/v1/leads/{id}/contacts',
  operationId: 'listLeadContacts',
  summary: 'List the people at a lead',
  tag,
  permission: 'leads:read',
  request: { params },
  responses: { 200: { description: 'The people.', schema: z.strictObject({ data: z.array(contactView) }) } },
  errors: ['not_found'],
  handler: async (ctx) => {
    if (!(await findLead(ctx.tx, ctx.scope.tenant, ctx.params.id))) {
      throw new AgosError('not_found', 'There is no such lead.');
    }
    const people = await listContacts(ctx.tx, ctx.scope.tenant, ctx.params.id);
    return { status: 200, body: { data: people.map(toContactView) } };
  },
});

const updateRoute = defineRoute({
  method: 'patch',
  path: '/v1/leads/{id}',
  operationId: 'updateLead',
  summary: 'Change a lead',
  tag,
  permission: 'leads:write',
  request: { params, body: updateLeadInput },
  responses: { 200: lead },
  errors: ['not_found', 'version_mismatch', 'validation_failed', 'permission_denied'],
  handler: async (ctx) => {
    requireMayAssign(ctx);
    const row = await updateLead(ctx, { id: ctx.params.id, change: ctx.body });
    return { status: 200, body: toLeadView(row), headers: { etag: etagOf(row.version) } };
  },
});

const deleteRoute = defineRoute({
  method: 'delete',
  path: '/v1/leads/{id}',
  operationId: 'deleteLead',
  summary: 'Remove a lead',
  description: 'It leaves every list and its domain is free again; nothing that was recorded is erased.',
  tag,
  permission: 'leads:write',
  request: { params },
  responses: { 204: { description: 'Removed.' } },
  errors: ['not_found', 'version_mismatch', 'conflict'],
  handler: async (ctx) => {
    await deleteLead(ctx, { id: ctx.params.id });
    return { status: 204 };
  },
});

type Assigning = { body: { assigned_to?: string | null | undefined }; identity: Identity };

function requireMayAssign({ body, identity }: Assigning): void {
  if (body.assigned_to === undefined || identity.permissions.has('leads:assign')) return;
  throw new AgosError('permission_denied', 'Your role may not assign leads.', { field: 'assigned_to' });
}

const EXPORT_PAGE = 500;

function exported(ctx: HandlerBase, filter: LeadFilter): ReadableStream<Uint8Array> {
  return pagedText(ctx, CSV_HEADER, async (scope, after) => {
    const page = { limit: EXPORT_PAGE, sort: 'created_at' as const, direction: 'asc' as const, after };
    const found = await ctx.db.withTenant(
      scope,
      (tx) => listLeads(tx, scope.tenant, filter, page),
      READS_ONCE,
    );
    return { text: found.rows.map((row) => csvLine(toLeadView(row))).join(''), next: found.next };
  });
}
