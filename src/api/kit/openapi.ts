import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { MAX_KEY_LENGTH } from '../../journal/idempotency/rules.ts';
import { ERROR_CODES, type ErrorCode } from '../../kernel/errors.ts';
import { declaredErrors } from './declared-errors.ts';
import { MOST_ISSUES } from './parse-input.ts';
import { RATE_HEADERS } from './rate-limits.ts';
import { isBytes } from './read-body.ts';
import type { ResponseSpec } from './reply.ts';
import type { Route } from './route.ts';

type Registry = OpenAPIHono['openAPIRegistry'];
type PathConfig = Parameters<Registry['registerPath']>[0];
type Responses = PathConfig['responses'];

const CODES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]];
const CLASSES = [...new Set(Object.values(ERROR_CODES).map((entry) => entry.class))];

/** Every error of the API has this shape. */
const errorSchema = z
  .object({
    error: z.enum(CODES),
    message: z.string().openapi({ description: 'What is wrong and what to do, in one sentence or two.' }),
    details: z.looseObject({
      class: z.enum(CLASSES),
      field: z.string().optional(),
      issues: z
        .array(z.object({ field: z.string(), code: z.enum(CODES), message: z.string() }))
        .max(MOST_ISSUES)
        .optional(),
      more_issues: z.int().min(1).optional().openapi({ description: 'Problems that `issues` leaves out.' }),
      retryAfterSeconds: z.number().optional(),
    }),
    requestId: z.string(),
    timestamp: z.iso.datetime(),
  })
  .openapi('Error');

const tenantHeader = z.object({
  'AgOS-Tenant': z.uuid().optional().openapi({
    description:
      'Which of your tenants: always with a token, which does not say by itself; not needed with an API key.',
  }),
}).shape['AgOS-Tenant'];
const idempotencyHeader = z
  .string()
  .regex(/^[\x21-\x7e]+$/)
  .max(MAX_KEY_LENGTH)
  .optional()
  .openapi({
    description:
      'Repeating a POST with the same key within 24 hours changes nothing and answers the same. A key counts on one route, for the member or API key that sent it.',
  });
const ifMatchHeader = z.string().optional().openapi({
  description: 'The ETag that you read. Optional; the change is refused when the resource has another one.',
});

const lastEventIdHeader = z.string().optional().openapi({
  description: 'The id of the last event that you have; browsers send it when they connect again.',
});

/** Adds one route to the OpenAPI document. */
export function documentRoute(registry: Registry, route: Route): void {
  const { request = {} } = route;
  registry.registerPath({
    method: route.method,
    path: route.path,
    operationId: route.operationId,
    summary: route.summary,
    description: [route.description, `Needs the permission \`${route.permission}\`.`]
      .filter(Boolean)
      .join('\n\n'),
    tags: [route.tag],
    security: [{ bearer: [] }],
    request: {
      headers: z.object(headersOf(route)),
      ...(request.params && { params: request.params }),
      ...(request.query && { query: request.query }),
      ...(request.body && { body: bodyOf(request.body) }),
    },
    responses: { ...errorResponses(route), ...successResponses(route) },
  });
}

/** Header fields that many answers share, each once in the document. */
export function documentHeaders(registry: Registry): void {
  const shared = headersFrom({ ...RATE_HEADERS, 'Retry-After': 'Seconds after which to try again.' });
  for (const [name, header] of Object.entries(shared)) registry.registerComponent('headers', name, header);
}

const refOf = (name: string) => [name, { $ref: `#/components/headers/${name}` }] as const;
const RATE_REFS = Object.fromEntries(Object.keys(RATE_HEADERS).map(refOf));
const RETRY_REF = Object.fromEntries([refOf('Retry-After')]);
/** Statuses of what passes by itself. */
const RETRIED: ReadonlySet<number> = new Set([409, 429, 503]);

function headersFrom(described: Record<string, string>) {
  const entries = Object.entries(described).map(
    ([name, description]) => [name, { description, schema: { type: 'string' as const } }] as const,
  );
  return Object.fromEntries(entries);
}

function headersOf(route: Route): z.ZodRawShape {
  return {
    'AgOS-Tenant': tenantHeader,
    ...(route.method === 'post' && { 'Idempotency-Key': idempotencyHeader }),
    ...(route.method === 'patch' && { 'If-Match': ifMatchHeader }),
    ...(isLive(route) && { 'Last-Event-ID': lastEventIdHeader }),
  };
}

function isLive(route: Route): boolean {
  return Object.values(route.responses).some((spec) => spec.live);
}

function bodyOf(spec: NonNullable<NonNullable<Route['request']>['body']>) {
  if (!isBytes(spec)) {
    return {
      required: !spec.safeParse(undefined).success,
      content: { 'application/json': { schema: spec } },
    };
  }
  const content = Object.fromEntries(spec.bytes.map((mime) => [mime, { schema: schemaOfFile(mime) }]));
  return { required: true, content };
}

/** A file is stored as it came and read later: of JSON nothing is asked before but that it is some. */
function schemaOfFile(mime: string): z.ZodType {
  return mime === 'application/json' ? z.unknown() : z.string().openapi({ format: 'binary' });
}

function successResponses(route: Route): Responses {
  const entries = Object.entries(route.responses).map(([status, spec]) => [status, successResponse(spec)]);
  return Object.fromEntries(entries) as Responses;
}

function successResponse(spec: ResponseSpec) {
  const headers = { ...headersFrom(spec.headers ?? {}), ...RATE_REFS };
  const mime = spec.live ? 'text/event-stream' : spec.contentType;
  const content = spec.schema
    ? { 'application/json': { schema: spec.schema } }
    : mime && { [mime]: { schema: z.string() } };
  return {
    description: spec.description,
    headers,
    ...(content && { content }),
  };
}

function errorResponses(route: Route): Responses {
  const byStatus = Map.groupBy(declaredErrors(route), (code) => ERROR_CODES[code].status);
  const entries = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: `One of: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
      headers: { ...RATE_REFS, ...(RETRIED.has(status) && RETRY_REF) },
      content: { 'application/json': { schema: errorSchema } },
    },
  ]);
  return Object.fromEntries(entries) as Responses;
}
