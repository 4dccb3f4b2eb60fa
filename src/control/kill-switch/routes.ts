import { z } from '@hono/zod-openapi';
import {
  defineRoute,
  displayName,
  idParam,
  momentInput,
  pageFields,
  pageOf,
  type Route,
} from '../../api/kit/index.ts';
import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { awaitReceipt, readReceipt } from './receipt.ts';
import { findGlobalOn, findKillSwitch, findKillSwitchOn, listKillSwitches, toStop } from './repository.ts';
import {
  killSwitchView,
  receiptView,
  statusView,
  toKillSwitchView,
  toReceiptView,
  toStatusView,
} from './schemas.ts';
import type { StopFile } from './stop-file.ts';
import { turnOff, turnOn } from './turn-switch.ts';

type Deps = { stopFile: StopFile };

const tag = 'Kill switch';
const reason = displayName(500);

/** Stop a tenant's work, read what that met, and let work begin again. */
export function killSwitchRoutes(deps: Deps): readonly Route[] {
  return [statusRoute(deps), onRoute, offRoute(deps), historyRoute, receiptRoute];
}

const statusRoute = (deps: Deps) =>
  defineRoute({
    method: 'get',
    path: '/v1/kill-switch',
    operationId: 'getKillSwitch',
    summary: 'What stops your work now',
    description: 'Your own switch, the global one, and the stop file of the machine that answers.',
    tag,
    permission: 'kill_switch:read',
    emergency: true,
    responses: { 200: { description: 'What is on.', schema: statusView } },
    handler: async ({ tx, scope }) => ({ status: 200, body: await readStatus(deps, tx, scope) }),
  });

const onRoute = defineRoute({
  method: 'post',
  path: '/v1/kill-switches',
  operationId: 'turnKillSwitchOn',
  summary: 'Stop all work of your tenant',
  description:
    'Nothing starts any more, and what is at work is aborted within a second; its leads are held. Only imports go on storing the lines of their files; they ask for no scan while the switch is on. Answers when all of it has stopped, after three seconds at most. A switch that is on already is answered as it is (200).',
  tag,
  permission: 'kill_switch:on',
  request: { body: z.strictObject({ reason }) },
  responses: {
    200: { description: 'It was on already: its receipt.', schema: receiptView },
    201: {
      description: 'It is on: the receipt so far.',
      schema: receiptView,
      headers: { Location: 'Where the receipt can be read again.' },
    },
  },
  transaction: 'none',
  whileSuspended: true,
  emergency: true,
  handler: async (ctx) => {
    const { db, scope } = ctx;
    const { row, created } = await db.withTenant(scope, (tx) => turnOn({ ...ctx, tx }, ctx.body));
    const receipt = await awaitReceipt((fn) => db.withTenant(scope, fn), { ...row, tenant: scope.tenant });
    const body = toReceiptView(row, receipt);
    if (!created) return { status: 200, body };
    return { status: 201, body, headers: { location: `/v1/kill-switches/${row.id}` } };
  },
});

const offRoute = (deps: Deps) =>
  defineRoute({
    method: 'post',
    path: '/v1/kill-switches/off',
    operationId: 'turnKillSwitchOff',
    summary: 'Let work of your tenant begin again',
    description:
      'Nothing that was held starts by itself. Imports do go on by themselves: they ask for the scans of their leads again. A global switch stays on.',
    tag,
    permission: 'kill_switch:off',
    request: { body: z.strictObject({ reason: reason.optional() }).optional() },
    responses: { 200: { description: 'What is still on.', schema: statusView } },
    handler: async (ctx) => {
      await turnOff(ctx, { reason: ctx.body?.reason ?? null });
      return { status: 200, body: await readStatus(deps, ctx.tx, ctx.scope) };
    },
  });

const historyRoute = defineRoute({
  method: 'get',
  path: '/v1/kill-switches',
  operationId: 'listKillSwitches',
  summary: 'When work of your tenant was stopped, by whom and why',
  tag,
  permission: 'kill_switch:read',
  transaction: 'read_once',
  request: { query: z.strictObject(pageFields(['-turned_on_at'])) },
  responses: { 200: { description: 'Newest first.', schema: pageOf(killSwitchView) } },
  handler: async ({ tx, scope, query, paging }) => {
    const page = paging.open(query);
    const found = await listKillSwitches(tx, scope.tenant, page);
    return { status: 200, body: paging.seal(found, page, toKillSwitchView) };
  },
});

const receiptRoute = defineRoute({
  method: 'get',
  path: '/v1/kill-switches/{id}',
  operationId: 'getKillSwitchReceipt',
  summary: 'The receipt of a stop, as it stands now',
  description: 'A worker that answers late shows in a later reading.',
  emergency: true,
  tag,
  permission: 'kill_switch:read',
  request: {
    params: z.strictObject({ id: idParam }),
    query: z.strictObject({
      since: momentInput
        .optional()
        .openapi({ description: 'What had already happened is told from here on; else of one minute.' }),
    }),
  },
  responses: { 200: { description: 'The receipt.', schema: receiptView } },
  handler: async ({ tx, scope, params, query }) => {
    const row = await findKillSwitch(tx, scope.tenant, params.id);
    if (!row) throw new AgosError('not_found', 'There is no such stop.');
    const receipt = await readReceipt(tx, { ...row, tenant: scope.tenant }, query.since);
    return { status: 200, body: toReceiptView(row, receipt) };
  },
});

async function readStatus({ stopFile }: Deps, tx: Tx, scope: TenantScope) {
  const own = await findKillSwitchOn(tx, scope.tenant);
  const everybodys = await findGlobalOn(tx);
  const onThisMachine = await stopFile.read();
  const stops = [
    ...(own ? [toStop('tenant', own)] : []),
    ...(everybodys ? [toStop('global', everybodys)] : []),
    ...(onThisMachine ? [onThisMachine] : []),
  ];
  return toStatusView(stops, own);
}
