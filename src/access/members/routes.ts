import { z } from '@hono/zod-openapi';
import {
  defineRoute,
  displayName,
  etagOf,
  identifier,
  idParam,
  momentField,
  pageFields,
  pageOf,
  type Route,
} from '../../api/kit/index.ts';
import { ROLES } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { ROLE_SOURCES } from '../sso/rules.ts';
import { addMember, changeMember, removeMember } from './change-members.ts';
import { findMember, listMembers, type MemberRow } from './repository.ts';

const role = z.enum(ROLES);
const memberView = z
  .strictObject({
    id: z.uuid(),
    issuer: z.string(),
    subject: z.string(),
    role,
    role_source: z.enum(ROLE_SOURCES),
    name: z.string().nullable(),
    email: z.string().nullable(),
    version: z.number().int(),
    created_by: z.uuid(),
    created_at: momentField,
    updated_at: momentField,
  })
  .openapi('Member');

const addMemberInput = z.strictObject({
  issuer: identifier().openapi({ description: '`iss` of the tokens that the person brings.' }),
  subject: identifier().openapi({ description: '`sub` of those tokens; never an e-mail address.' }),
  role,
  name: displayName().nullable().default(null),
  email: z.email().max(254).nullable().default(null),
});

const changeMemberInput = z
  .strictObject({
    role: role.optional().openapi({ description: 'Stays as it is set here, whatever claims say.' }),
    role_source: z.literal('sso').optional().openapi({
      description: "Lets the role follow the claims of the person's tokens again.",
    }),
    name: displayName().nullable().optional(),
    email: z.email().max(254).nullable().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'give at least one field')
  .refine(
    (change) => change.role === undefined || change.role_source === undefined,
    'a role is set, or it follows claims',
  );

const toView = (member: MemberRow): z.input<typeof memberView> => ({
  id: member.id,
  issuer: member.issuer,
  subject: member.subject,
  role: member.role,
  role_source: member.roleSource,
  name: member.name,
  email: member.email,
  version: member.version,
  created_by: member.createdBy,
  created_at: member.createdAt.toISOString(),
  updated_at: member.updatedAt.toISOString(),
});

const tag = 'Access';
const params = z.strictObject({ id: idParam });
const answer = { description: 'The member.', schema: memberView, headers: { ETag: 'Its version.' } };
const reply = (member: MemberRow) => ({ body: toView(member), headers: { etag: etagOf(member.version) } });

const list = defineRoute({
  method: 'get',
  path: '/v1/members',
  operationId: 'listMembers',
  summary: 'List members',
  tag,
  permission: 'members:read',
  transaction: 'read_once',
  request: { query: z.strictObject(pageFields(['created_at'])) },
  responses: { 200: { description: 'Members.', schema: pageOf(memberView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    return { status: 200, body: paging.seal(await listMembers(tx, scope.tenant, page), page, toView) };
  },
});

const get = defineRoute({
  method: 'get',
  path: '/v1/members/{id}',
  operationId: 'getMember',
  summary: 'Get a member',
  tag,
  permission: 'members:read',
  transaction: 'read_once',
  request: { params },
  responses: { 200: answer },
  handler: async ({ tx, scope, params: { id } }) => {
    const member = await findMember(tx, scope.tenant, id);
    if (!member) throw new AgosError('not_found', 'There is no such member.');
    return { status: 200, ...reply(member) };
  },
});

const add = defineRoute({
  method: 'post',
  path: '/v1/members',
  operationId: 'addMember',
  summary: 'Add a person to the tenant',
  tag,
  permission: 'members:write',
  request: { body: addMemberInput },
  responses: { 201: answer },
  errors: ['conflict'],
  handler: async (ctx) => {
    const member = await addMember(ctx, ctx.body);
    return { status: 201, ...reply(member) };
  },
});

const change = defineRoute({
  method: 'patch',
  path: '/v1/members/{id}',
  operationId: 'changeMember',
  summary: "Change a member's role, name or e-mail address",
  description: 'With a lower role, the keys above it that the person made are revoked.',
  tag,
  permission: 'members:write',
  request: { params, body: changeMemberInput },
  responses: { 200: answer },
  errors: ['last_owner'],
  handler: async (ctx) => {
    const { role, role_source: roleSource, name, email } = ctx.body;
    const given = {
      ...(role !== undefined && { role }),
      ...(roleSource !== undefined && { roleSource }),
      ...(name !== undefined && { name }),
      ...(email !== undefined && { email }),
    };
    return { status: 200, ...reply(await changeMember(ctx, { id: ctx.params.id, change: given })) };
  },
});

const remove = defineRoute({
  method: 'delete',
  path: '/v1/members/{id}',
  operationId: 'removeMember',
  summary: 'Remove a member',
  tag,
  permission: 'members:write',
  request: { params },
  responses: { 204: { description: 'Neither the person nor a key that they made has access any more.' } },
  errors: ['last_owner'],
  whileSuspended: true,
  handler: async (ctx) => {
    await removeMember(ctx, { id: ctx.params.id });
    return { status: 204 };
  },
});

/** The people of the tenant. */
export const memberRoutes: readonly Route[] = [list, get, add, change, remove];
