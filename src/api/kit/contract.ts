import type { ErrorCode } from '../../kernel/errors.ts';
import { declaredErrors } from './declared-errors.ts';
import type { AnyReply } from './reply.ts';
import type { Route } from './route.ts';

/** Throws when a reply is none of those that its route declares. */
export function requireDeclaredReply(route: Route, reply: AnyReply): void {
  const spec = route.responses[reply.status];
  if (!spec) throw new Error(`${route.operationId} answered ${reply.status}, which it does not declare`);
  if (!spec.schema) return;
  const result = spec.schema.safeParse(JSON.parse(JSON.stringify(reply.body ?? null)));
  if (result.success) return;
  throw new Error(`${route.operationId} answered ${reply.status} with another body: ${result.error.message}`);
}

/** Throws when an error code is none of those that its route declares. */
export function requireDeclaredError(route: Route, code: ErrorCode): void {
  if (declaredErrors(route).has(code) || code === 'tenant_context_missing') return;
  throw new Error(`${route.operationId} answered with ${code}: name it in the route's errors`);
}
