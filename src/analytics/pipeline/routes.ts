import { z } from '@hono/zod-openapi';
import { defineRoute, type Route } from '../../api/kit/index.ts';
import { ROOMS } from '../../kernel/rooms.ts';
import { LEAD_STATUSES, type LeadStatus, roomOf } from '../../leads/leads/rules.ts';
import { meanOf, shareOf } from '../range/rules.ts';
import { rangeFields, rangeView, readRange } from '../range/schemas.ts';
import {
  type Count,
  countByStatus,
  countCreated,
  countMoves,
  countReached,
  type Moves,
  readStays,
  type Stays,
} from './repository.ts';

const count = z.number().int();
const share = z.number().min(0).max(1).nullable();
const status = z.enum(LEAD_STATUSES);

const pipelineView = z
  .strictObject({
    ...rangeView,
    created: count.openapi({ description: 'Leads created in the range, removed ones too.' }),
    statuses: z.array(
      z.strictObject({
        status,
        room: z.enum(ROOMS).nullable(),
        leads_now: count.openapi({ description: 'Leads in it at present, whatever the range.' }),
        entered: count,
        left: count,
        mean_stay_ms: count.nullable().openapi({ description: 'Of the stays that ended in the range.' }),
        median_stay_ms: count.nullable(),
        reached: count.openapi({
          description: 'Leads created in the range that have come into it since, once each.',
        }),
        conversion: share.openapi({ description: '`reached` of all leads created in the range.' }),
      }),
    ),
    moves: z.array(
      z.strictObject({
        from: status,
        to: status,
        moves: count,
        share: share.openapi({ description: 'Of all moves out of `from` in the range.' }),
      }),
    ),
  })
  .openapi('PipelineAnalytics');

/** Counts, conversion and time in status. */
export const pipelineAnalyticsRoutes: readonly Route[] = [
  defineRoute({
    method: 'get',
    path: '/v1/analytics/pipeline',
    operationId: 'getPipelineAnalytics',
    summary: 'Leads by status, moves between them, conversion and time in status',
    tag: 'Analytics',
    permission: 'analytics:read',
    request: { query: z.strictObject(rangeFields) },
    responses: { 200: { description: 'All twelve statuses, in order.', schema: pipelineView } },
    handler: async ({ tx, scope: { tenant }, now, query }) => {
      const range = readRange(query, now);
      const found = {
        created: await countCreated(tx, tenant, range),
        now: await countByStatus(tx, tenant),
        moves: await countMoves(tx, tenant, range),
        stays: await readStays(tx, tenant, range),
        reached: await countReached(tx, tenant, range),
      };
      const { from, to } = range;
      const { created } = found;
      const statuses = LEAD_STATUSES.map((one) => rowOf(one, found));
      return { status: 200, body: { from, to, created, statuses, moves: movesOf(found) } };
    },
  }),
];

type Found = { created: number; now: Count[]; moves: Moves[]; stays: Stays[]; reached: Count[] };

function rowOf(status: LeadStatus, { created, now, moves, stays, reached }: Found) {
  const stay = stays.find((one) => one.status === status);
  // Every lead begins as `new`.
  const begun = status === 'new' ? created : 0;
  const arrived = moves.filter(({ to }) => to === status).reduce((sum, one) => sum + one.count, 0);
  const reachedIt = status === 'new' ? created : countOf(reached, status);
  return {
    status,
    room: roomOf(status),
    leads_now: countOf(now, status),
    entered: begun + arrived,
    left: stay?.count ?? 0,
    mean_stay_ms: stay ? meanOf(stay.sumMs, stay.count) : null,
    median_stay_ms: stay?.medianMs ?? null,
    reached: reachedIt,
    conversion: shareOf(reachedIt, created),
  };
}

const countOf = (counts: Count[], status: LeadStatus): number =>
  counts.find((one) => one.status === status)?.count ?? 0;

const ORDER = (status: LeadStatus): number => LEAD_STATUSES.indexOf(status);

function movesOf({ moves, stays }: Found) {
  return [...moves]
    .sort((a, b) => ORDER(a.from) - ORDER(b.from) || ORDER(a.to) - ORDER(b.to))
    .map(({ from, to, count }) => ({ from, to, moves: count, share: shareOf(count, countOf(stays, from)) }));
}
