import { createHash } from 'node:crypto';
import type { Identity } from '../../access/identity/identity.ts';
import type { KeyUse, StoredAnswer } from '../../journal/idempotency/repository.ts';
import { MAX_KEY_LENGTH } from '../../journal/idempotency/rules.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { AnyReply } from './reply.ts';
import type { Route } from './route.ts';

/** The Idempotency-Key of a POST, bound to principal, route and content; null when there is none. */
export function keyUseOf(
  route: Route,
  request: Request,
  identity: Identity,
  body: Uint8Array,
): KeyUse | null {
  const key = request.headers.get('idempotency-key');
  if (route.method !== 'post' || key === null) return null;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH) {
    throw new AgosError(
      'idempotency_key_invalid',
      `An Idempotency-Key has 1 to ${MAX_KEY_LENGTH} visible ASCII characters.`,
    );
  }
  const { pathname, search } = new URL(request.url);
  const content = createHash('sha256').update(`POST ${pathname}${search}\n`).update(body);
  return {
    tenantId: identity.tenant.id,
    principalId: identity.principal.id,
    route: `POST ${route.path}`,
    key,
    requestHash: content.digest('hex'),
  };
}

/** What is stored of a reply: never its secrets, and no body that is not JSON. */
export function toStored(reply: AnyReply): StoredAnswer {
  const blank = (reply.secretFields ?? []).map((field) => [field, '']);
  const body = blank.length > 0 ? { ...(reply.body as object), ...Object.fromEntries(blank) } : reply.body;
  return { status: reply.status, headers: reply.headers ?? {}, body: body ?? null };
}

/** A stored answer as a reply, marked as such. */
export function fromStored(answer: StoredAnswer): AnyReply {
  return {
    status: answer.status,
    headers: { ...answer.headers, 'idempotency-replayed': 'true' },
    ...(answer.body !== null && { body: answer.body }),
  };
}
