import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { arrivalOf, identityOf } from '../../access/identity/identity.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import type { Caller } from './confirm.ts';
import { pagedText } from './export.ts';
import type { KitDeps } from './kit-deps.ts';
import { type ApiEnv, mountRoutes } from './mount.ts';
import { defineRoute } from './route.ts';

const identity = identityOf({
  tenant: { id: newId(), name: 'Acme', status: 'active', plan: 'ignition' },
  principal: { kind: 'key', id: newId(), name: null },
  role: 'owner',
});

type Open = (ctx: Caller) => ReadableStream<Uint8Array>;

const exportOf = (open: Open) =>
  defineRoute({
    method: 'get',
    path: '/export',
    operationId: 'export',
    summary: 'Export',
    tag: 'Test',
    permission: 'leads:read',
    transaction: 'none',
    responses: { 200: { description: 'All.', contentType: 'text/csv' } },
    handler: async (ctx) => ({ status: 200, stream: open(ctx) }),
  });

/** Asks a route that answers with this stream. */
function serve(open: Open) {
  const app = new Hono<ApiEnv>();
  const rateLimits = { knownOf: () => null, ofTenant: async () => null };
  const deps = {
    clock,
    rateLimits,
    authenticate: async () => arrivalOf(identity),
    clientAddress: () => null,
  };
  mountRoutes(app, [exportOf(open)], deps as unknown as KitDeps);
  return async (method: 'GET' | 'HEAD') => app.request('/export', { method });
}

// sabotage: src/api/kit/export.ts :: { highWaterMark: 0 } => { highWaterMark: 1 }
test('who asks for the head of an export alone has nothing read', async () => {
  let pages = 0;
  const ask = serve((ctx) =>
    pagedText(ctx, 'head', async () => {
      pages += 1;
      return { text: ',page', next: null };
    }),
  );
  const head = await ask('HEAD');
  expect([head.status, head.headers.get('content-type'), pages]).toEqual([200, 'text/csv', 0]);
  expect(await (await ask('GET')).text()).toBe('head,page');
});

// sabotage: src/api/kit/mount.ts :: if (isHead(c) && typeof reply.stream !== 'string') await reply.stream.cancel(); =>
test('a stream of which the head alone is asked for is ended', async () => {
  let ended = 0;
  const cancel = () => {
    ended += 1;
  };
  await serve(() => new ReadableStream({ cancel }))('HEAD');
  expect(ended).toBe(1);
});
