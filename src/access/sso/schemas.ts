import { z } from '@hono/zod-openapi';
import { displayName, identifier, momentField } from '../../api/kit/index.ts';
import { ROLES } from '../../kernel/actor.ts';
import type { ConnectionChange, ConnectionRow } from './repository.ts';
import { ROLE_SOURCES } from './rules.ts';
import { TEST_RESULTS, TEST_STEPS } from './test-connection.ts';

const role = z.enum(ROLES);
const rule = z.strictObject({
  claim: z.array(identifier()).min(1).max(5).openapi({
    description: 'The way to the claim, name by name: `["groups"]`, `["realm_access", "roles"]`.',
  }),
  values: z.array(identifier()).min(1).max(50).openapi({ description: 'One of them is enough.' }),
  role,
});

const fields = {
  name: displayName(),
  audience: identifier().openapi({ description: '`aud` of the tokens: the client id at the provider.' }),
  enabled: z.boolean(),
  rules: z.array(rule).max(50).openapi({ description: 'The first that matches decides.' }),
  default_role: role.nullable().openapi({ description: 'Null refuses whom no rule matches.' }),
  may_grant_owner: z.boolean().openapi({ description: 'Without it no claim makes an owner.' }),
};

export const createInput = z.strictObject({
  ...fields,
  issuer: identifier().openapi({ description: '`iss` of the tokens, letter by letter; it never changes.' }),
  enabled: fields.enabled.default(true),
  rules: fields.rules.default([]),
  default_role: fields.default_role.default(null),
  may_grant_owner: fields.may_grant_owner.default(false),
});

export const changeInput = z
  .strictObject({
    name: fields.name.optional(),
    audience: fields.audience.optional(),
    enabled: fields.enabled.optional(),
    rules: fields.rules.optional(),
    default_role: fields.default_role.optional(),
    may_grant_owner: fields.may_grant_owner.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'give at least one field');

export const connectionView = z
  .strictObject({
    id: z.uuid(),
    issuer: z.string(),
    name: z.string(),
    audience: z.string(),
    enabled: z.boolean(),
    rules: z.array(z.strictObject({ claim: z.array(z.string()), values: z.array(z.string()), role })),
    default_role: role.nullable(),
    may_grant_owner: z.boolean(),
    version: z.number().int(),
    created_by: z.uuid(),
    created_at: momentField,
    updated_at: momentField,
  })
  .openapi('SsoConnection');

/** Shows a connection's row. */
export const toView = (row: ConnectionRow): z.input<typeof connectionView> => ({
  id: row.id,
  issuer: row.issuer,
  name: row.name,
  audience: row.audience,
  enabled: row.enabled,
  rules: row.rules,
  default_role: row.defaultRole,
  may_grant_owner: row.mayGrantOwner,
  version: row.version,
  created_by: row.createdBy,
  created_at: row.createdAt.toISOString(),
  updated_at: row.updatedAt.toISOString(),
});

/** The change that a body asks for. */
export const toChange = (body: z.output<typeof changeInput>): ConnectionChange => ({
  ...(body.name !== undefined && { name: body.name }),
  ...(body.audience !== undefined && { audience: body.audience }),
  ...(body.enabled !== undefined && { enabled: body.enabled }),
  ...(body.rules !== undefined && { rules: body.rules }),
  ...(body.default_role !== undefined && { defaultRole: body.default_role }),
  ...(body.may_grant_owner !== undefined && { mayGrantOwner: body.may_grant_owner }),
});

export const testView = z
  .strictObject({
    passed: z.boolean().openapi({ description: 'No step failed.' }),
    steps: z.array(
      z.strictObject({ step: z.enum(TEST_STEPS), result: z.enum(TEST_RESULTS), message: z.string() }),
    ),
  })
  .openapi('SsoConnectionTest');

export const mappingInput = z
  .strictObject({
    token: z.string().min(1).max(8192).optional().openapi({ description: 'Verified as at a sign-in.' }),
    claims: z.record(z.string(), z.unknown()).optional().openapi({ description: 'Taken as they are.' }),
  })
  .refine(({ token, claims }) => (token === undefined) !== (claims === undefined), 'give a token or claims');

export const mappingView = z
  .strictObject({
    refused: z.string().nullable().openapi({ description: 'What is wrong with the token, if anything is.' }),
    subject: z.string().nullable(),
    role: role.nullable().openapi({ description: 'Of a sign-in now; null where it would be refused.' }),
    decided_by: z.enum(['rule', 'default', 'nothing']).nullable(),
    rule: z.number().int().nullable().openapi({ description: 'Place of the rule that decided, from 0.' }),
    message: z.string(),
    rules: z.array(z.strictObject({ matched: z.boolean(), found: z.array(z.string()) })),
    member: z
      .strictObject({ id: z.uuid(), role, role_source: z.enum(ROLE_SOURCES), removed: z.boolean() })
      .nullable(),
  })
  .openapi('SsoMappingTest');
