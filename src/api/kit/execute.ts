import type { Identity } from '../../access/identity/identity.ts';
import {
  claimKey,
  forgetExpiredKeys,
  type KeyUse,
  lockKey,
  releaseKey,
  storeAnswer,
} from '../../journal/idempotency/repository.ts';
import { isFinal } from '../../journal/idempotency/rules.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { requireAccess } from './access.ts';
import { admit } from './admit.ts';
import { requireDeclaredReply } from './contract.ts';
import { toAgosError } from './envelope.ts';
import { fromStored, keyUseOf, toStored } from './idempotency.ts';
import type { Incoming, KitDeps } from './kit-deps.ts';
import { createPaging } from './paging.ts';
import { parseInput, parseQuery } from './parse-input.ts';
import { PATIENCE, patient, READS_ONCE } from './patience.ts';
import { FREE_BYTES, isBytes, maxBytesOf, readBody, sizeOf } from './read-body.ts';
import type { AnyReply } from './reply.ts';
import type { HandlerBase, Route } from './route.ts';
import { checkIfMatch } from './version.ts';

type Input = { params: unknown; query: unknown; body: unknown };
type Call = { route: Route; deps: KitDeps; base: HandlerBase; input: Input & { prepared: unknown } };

/** Carries out one request at its route: who, may they, what, once, answer. */
export async function execute(route: Route, deps: KitDeps, incoming: Incoming): Promise<AnyReply> {
  const identity = await admit(deps, incoming, route);
  requireAccess(route, identity);
  const leave = await enter(route, deps, incoming, identity);
  try {
    return await carryOut(route, deps, incoming, identity);
  } finally {
    leave();
  }
}

/** Room for a large body, for as long as its request is at work. */
async function enter(route: Route, deps: KitDeps, { request }: Incoming, { tenant }: Identity) {
  const bytes = sizeOf(request, maxBytesOf(route));
  return bytes <= FREE_BYTES ? () => {} : deps.byteBudget.take(tenant.id, bytes);
}

async function carryOut(
  route: Route,
  deps: KitDeps,
  incoming: Incoming,
  identity: Identity,
): Promise<AnyReply> {
  const { input, bytes } = await readInput(route, incoming);
  const base = baseOf(route, deps, incoming, identity);
  const prepared = await route.prepare?.({ ...base, ...input });
  const call = { route, deps, base, input: { ...input, prepared } };
  const use = keyUseOf(route, incoming.request, identity, bytes);
  const reply = use ? await onlyOnce(call, use) : await handle(call);
  await quietly(call, 'work after the commit failed', async () => reply.afterCommit?.());
  return reply;
}

async function identify(route: Route, deps: KitDeps, incoming: Incoming): Promise<Identity> {
  const arrival = await deps.authenticate(incoming.request, incoming);
  const identity = await arrival.enter();
  requireAccess(route, identity);
  return identity;
}

async function readInput(
  route: Route,
  { request, params }: Incoming,
): Promise<{ input: Input; bytes: Uint8Array }> {
  const spec = route.request ?? {};
  const path = spec.params ? parseInput(spec.params, params) : {};
  const query = parseQuery(spec.query, new URL(request.url).searchParams);
  if (route.method === 'get')
    return { input: { params: path, query, body: undefined }, bytes: new Uint8Array() };
  const { bytes, value } = await readBody(request, spec.body, maxBytesOf(route));
  return { input: { params: path, query, body: parseBody(route, value) }, bytes };
}

function parseBody(route: Route, value: unknown): unknown {
  const spec = route.request?.body;
  if (spec && isBytes(spec)) return value;
  if (spec) {
    if (value === undefined && !spec.safeParse(undefined).success) {
      throw new AgosError('invalid_json', 'This route needs a JSON body.');
    }
    return parseInput(spec, value);
  }
  const [field] = value && typeof value === 'object' ? Object.keys(value) : [];
  if (field !== undefined)
    throw new AgosError('unknown_field', `There is no field "${field}" here.`, { field });
  return undefined;
}

function baseOf(route: Route, deps: KitDeps, incoming: Incoming, identity: Identity): HandlerBase {
  const { headers } = incoming.request;
  return {
    identity,
    scope: identity.scope,
    now: deps.clock.now(),
    requestId: incoming.requestId,
    address: incoming.address,
    userAgent: incoming.userAgent,
    db: patient(deps.db),
    headers,
    identify: () => identify(route, deps, incoming),
    checkVersion: (version) => checkIfMatch(headers, version),
    paging: createPaging(deps.signingSecret, { list: route.operationId, tenant: identity.tenant.id }),
  };
}

async function handle(call: Call): Promise<AnyReply> {
  const { transaction } = call.route;
  if (transaction === 'none') return runHandler(call, undefined);
  const terms = transaction === 'read_once' ? READS_ONCE : PATIENCE;
  return call.deps.db.withTenant(call.base.scope, (tx) => runHandler(call, tx), terms);
}

async function runHandler({ route, deps, base, input }: Call, tx: Tx | undefined): Promise<AnyReply> {
  const reply = await route.handler({ ...base, ...input, ...(tx && { tx }) });
  if (deps.checkContract) requireDeclaredReply(route, reply);
  return reply;
}

async function onlyOnce(call: Call, use: KeyUse): Promise<AnyReply> {
  const { db } = call.deps;
  const { scope, now } = call.base;
  const reply = await (call.route.transaction === 'none' ? claimed(call, use) : committedWith(call, use));
  await quietly(call, 'expired idempotency keys could not be forgotten', () =>
    db.withTenant(scope, (tx) => forgetExpiredKeys(tx, now), PATIENCE),
  );
  return reply;
}

/** The usual way: the answer is stored in the transaction of the change. */
async function committedWith(call: Call, use: KeyUse): Promise<AnyReply> {
  const { db } = call.deps;
  const { scope, now } = call.base;
  try {
    const once = async (tx: Tx): Promise<AnyReply> => {
      const stored = await lockKey(tx, use, now);
      if (stored) return replay(stored);
      const reply = await runHandler(call, tx);
      await storeAnswer(tx, use, toStored(reply), now);
      return reply;
    };
    return await db.withTenant(scope, once, PATIENCE);
  } catch (error) {
    throw await storeRefusal(call, use, error);
  }
}

/** For handlers that call Temporal: the key is claimed, the work done, the answer stored. */
async function claimed(call: Call, use: KeyUse): Promise<AnyReply> {
  const { db } = call.deps;
  const { scope, now } = call.base;
  const stored = await db.withTenant(scope, async (tx) => {
    const answer = await lockKey(tx, use, now);
    if (!answer) await claimKey(tx, use, now);
    return answer;
  });
  if (stored) return replay(stored);
  const release = () => db.withTenant(scope, (tx) => releaseKey(tx, use)).catch(() => {});
  let reply: AnyReply;
  try {
    reply = await runHandler(call, undefined);
  } catch (error) {
    await release();
    throw await storeRefusal(call, use, error);
  }
  // What was done stays done: such a handler answers who repeats it as it did the first time.
  await quietly(call, 'an answer could not be stored', () =>
    db
      .withTenant(scope, (tx) => storeAnswer(tx, use, toStored(reply), now))
      .catch(async (error: unknown) => {
        await release();
        throw error;
      }),
  );
  return reply;
}

const REFUSED = 'refused';

/** A final refusal is stored too; it changed nothing, so it needs no transaction in common. */
async function storeRefusal(call: Call, use: KeyUse, error: unknown): Promise<unknown> {
  const refusal = toAgosError(error);
  if (!isFinal(refusal.status) || refusal.code.startsWith('idempotency_key_')) return error;
  const body = { [REFUSED]: { code: refusal.code, message: refusal.message, details: refusal.details } };
  const answer = { status: refusal.status, headers: {}, body };
  const { scope, now } = call.base;
  await call.deps.db
    .withTenant(scope, async (tx) => {
      if (!(await lockKey(tx, use, now))) await storeAnswer(tx, use, answer, now);
    })
    // Another request with the key was faster: its answer is the one to keep.
    .catch(() => {});
  return error;
}

function replay(stored: Parameters<typeof fromStored>[0]): AnyReply {
  const body = stored.body as {
    [REFUSED]?: { code: AgosError['code']; message: string; details: object };
  } | null;
  const refused = stored.status >= 400 ? body?.[REFUSED] : undefined;
  if (refused) throw new AgosError(refused.code, refused.message, { ...refused.details });
  return fromStored(stored);
}

/** What fails after the commit changes nothing of the answer; a sweep or the next request repeats what is missing. */
async function quietly(call: Call, failed: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    call.deps.logger.warn({ err: error, request_id: call.base.requestId }, failed);
  }
}
