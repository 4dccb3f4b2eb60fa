import { z } from '@hono/zod-openapi';
import { defineRoute, idParam, pageFields, pageOf, type Route, wantsSocket } from '../../api/kit/index.ts';
import type { HandlerBase } from '../../api/kit/route.ts';
import { findRun } from '../../journal/runs/repository.ts';
import { isOpen } from '../../journal/runs/rules.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { type FollowDeps, followEvents } from './follow.ts';
import { eventHead, eventSpan, listEvents, readEvents } from './repository.ts';
import { afterField, eventView, filterFields, lastEventId, toEventView, toFilter } from './schemas.ts';

const tag = 'Events';
const permission = 'events:read';

/** What happened, as a list and as it happens. */
export function eventRoutes(deps: FollowDeps): readonly Route[] {
  return [listRoute, streamRoute(deps), runRoute(deps)];
}

const listRoute = defineRoute({
  method: 'get',
  path: '/v1/events',
  operationId: 'listEvents',
  summary: 'List what happened',
  description: 'In the order in which it was committed. `seq` is the cursor of the stream.',
  tag,
  permission,
  transaction: 'read_once',
  request: { query: z.strictObject({ ...pageFields(['-seq']), ...filterFields }) },
  responses: { 200: { description: 'Events, newest first.', schema: pageOf(eventView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    const found = await listEvents(tx, scope.tenant, toFilter(query), page);
    return { status: 200, body: paging.seal(found, page, toEventView) };
  },
});

const HOW = `As Server-Sent Events: \`id\` is the number, \`event\` the type, \`data\` the event as the list shows it. As a WebSocket when the request asks for one: each message is an event, or \`{"cursor"}\`, the number to go on from; a browser offers the subprotocols \`agos.events\` and \`bearer.<key or token>\`. Whoever connects again with the last number (\`Last-Event-ID\` or \`after\`) misses nothing and gets nothing twice; a number whose events are not kept any more is answered 410 \`event_cursor_expired\` with the number to go on from.`;

function streamRoute(deps: FollowDeps): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/events/stream',
    operationId: 'streamEvents',
    summary: 'Follow what happens',
    description: `Begins with what comes next, or after a number. ${HOW}`,
    tag,
    permission,
    request: { query: z.strictObject({ after: afterField, ...filterFields }) },
    responses: { 200: { description: 'Events, for as long as you stay.', live: true } },
    errors: ['rate_limit_exceeded', 'cursor_invalid', 'event_cursor_expired'],
    transaction: 'none',
    handler: async (ctx) => {
      const wanted = lastEventId(ctx.headers) ?? ctx.query.after;
      const after = await ctx.db.withTenant(ctx.scope, (tx) =>
        wanted === undefined ? eventHead(tx) : startAt(tx, wanted),
      );
      return { status: 200, live: followEvents(deps, ctx, { after, filter: toFilter(ctx.query) }) };
    },
  });
}

function runRoute(deps: FollowDeps): Route {
  return defineRoute({
    method: 'get',
    path: '/v1/runs/{id}/events',
    operationId: 'streamRunEvents',
    summary: 'Follow a run to its end',
    description: `From its first event, or after a number; ends with the run, and can be read again later. ${HOW}`,
    tag,
    permission,
    request: { params: z.strictObject({ id: idParam }), query: z.strictObject({ after: afterField }) },
    responses: {
      200: { description: 'Events until the run ends.', live: true },
      204: { description: 'The run has ended and nothing follows: there is no need to connect again.' },
    },
    errors: ['rate_limit_exceeded', 'cursor_invalid', 'event_cursor_expired'],
    transaction: 'none',
    handler: async (ctx) => {
      const filter = { runId: ctx.params.id };
      const hasEnded = async (tx: Tx): Promise<boolean> => !isOpen((await requireRun(tx, ctx)).status);
      const wanted = lastEventId(ctx.headers) ?? ctx.query.after;
      const { after, isOver } = await ctx.db.withTenant(ctx.scope, async (tx) => {
        const ended = await hasEnded(tx);
        const after = await (wanted === undefined ? 0 : startAt(tx, wanted));
        const { rows } = await readEvents(tx, ctx.scope.tenant, filter, { after, limit: 1 });
        return { after, isOver: ended && rows.length === 0 };
      });
      if (isOver && !wantsSocket(ctx.headers)) return { status: 204 };
      return { status: 200, live: followEvents(deps, ctx, { after, filter, hasEnded }) };
    },
  });
}

async function requireRun(tx: Tx, { scope, params }: HandlerBase & { params: { id: string } }) {
  const run = await findRun(tx, scope.tenant, params.id);
  if (!run) throw new AgosError('not_found', 'There is no such run.');
  return run;
}

/**
 * A cursor from before the database was restored lies ahead of the log: waiting for it would skip events. One
 * whose next events are not kept any more would skip them too.
 */
async function startAt(tx: Tx, wanted: number): Promise<number> {
  const { floor, head } = await eventSpan(tx);
  if (wanted > head) {
    throw new AgosError('cursor_invalid', 'This number lies ahead of the log: begin without one.', {
      field: 'after',
    });
  }
  const gone = floor - 1;
  if (wanted >= gone) return wanted;
  throw new AgosError(
    'event_cursor_expired',
    `Events are kept for a time, and those up to number ${gone} are gone: go on after it, and read what you missed from the lists of leads and runs.`,
    { field: 'after', after: gone, oldest: gone + 1 },
  );
}
