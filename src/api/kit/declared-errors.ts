import type { ErrorCode } from '../../kernel/errors.ts';
import { FREE_BYTES, maxBytesOf } from './read-body.ts';
import type { Route } from './route.ts';

const EVERYWHERE: readonly ErrorCode[] = [
  'token_missing',
  'token_invalid',
  'invalid_request',
  'permission_denied',
  'tenant_suspended',
  'rate_limit_exceeded',
  'unknown_field',
  'internal_error',
  'database_read_only',
  'database_unavailable',
  'identity_provider_unavailable',
];
const OF_BODIES: readonly ErrorCode[] = [
  'body_too_large',
  'request_timeout',
  'invalid_json',
  'unsupported_media_type',
  'validation_failed',
  'invalid_text',
  'identifier_invalid',
];
const OF_POSTS: readonly ErrorCode[] = [
  'idempotency_key_invalid',
  'idempotency_key_mismatch',
  'idempotency_key_in_progress',
];

/** Every error code that a route may answer with: the kit's own and those that the route adds. */
export function declaredErrors(route: Route): ReadonlySet<ErrorCode> {
  const { request = {} } = route;
  const isLarge = maxBytesOf(route) > FREE_BYTES;
  const pages = request.query && 'cursor' in request.query.shape;
  return new Set([
    ...EVERYWHERE,
    ...(request.params ? (['not_found', 'identifier_invalid'] as const) : []),
    ...(request.query ? (['validation_failed', 'invalid_text', 'identifier_invalid'] as const) : []),
    ...(pages ? (['page_invalid', 'cursor_invalid', 'sort_not_allowed'] as const) : []),
    ...(route.method === 'get' ? [] : OF_BODIES),
    ...(isLarge ? (['server_busy'] as const) : []),
    ...(route.method === 'post' ? OF_POSTS : []),
    ...(route.method === 'patch' ? (['version_mismatch'] as const) : []),
    ...(route.errors ?? []),
  ]);
}
