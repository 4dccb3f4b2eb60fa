import { setTimeout as sleep } from 'node:timers/promises';
import type { Identity } from '../../access/identity/identity.ts';
import { type Caller, confirmed } from '../../api/kit/confirm.ts';
import { toAgosError } from '../../api/kit/envelope.ts';
import type { LiveEnd, LiveMessage, LiveSink, LiveSource } from '../../api/kit/live.ts';
import { PATIENCE } from '../../api/kit/patience.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import type { EventHub, Follower } from './hub.ts';
import { type EventFilter, type EventRow, readEvents } from './repository.ts';
import { toEventView } from './schemas.ts';

const PAGE_ROWS = 500;
/** The log is looked at so often even when nothing was heard of it. */
const LOOK_EVERY_MS = 5_000;
/** How long a stream outlives a database that does not answer. */
const UNCONFIRMED_MS = 60_000;
const AGAIN_AFTER_MS = 500;

export type FollowDeps = { db: Database; hub: EventHub };
export type Follow = {
  after: number;
  filter: EventFilter;
  /** Looked at before the events are read: true when no event can follow those. */
  hasEnded?(tx: Tx): Promise<boolean>;
};

/** Every event after a cursor, once and in order, for as long as the caller stays and may read them. */
export function followEvents(deps: FollowDeps, caller: Caller, follow: Follow): LiveSource {
  const { id } = caller.identity.tenant;
  deps.hub.requireRoom(id);
  return async (sink) => {
    // Not before: of a handshake that fails nobody is told.
    const follower = deps.hub.join(id);
    try {
      await sink.mark(String(follow.after));
      return await untilEnd(deps, caller, follow, { sink, follower });
    } finally {
      follower.leave();
    }
  };
}

async function untilEnd(
  { db, hub }: FollowDeps,
  caller: Caller,
  follow: Follow,
  { sink, follower }: { sink: LiveSink; follower: Follower },
): Promise<LiveEnd> {
  let { after } = follow;
  const { tenant } = caller.identity;
  let confirmedMs = performance.now();
  while (!sink.signal.aborted) {
    if (follower.closing) return 'shutdown';
    try {
      const page = await hub.reading(tenant.id, async () => {
        // Whose key is gone is shown nothing that happened since. In its turn: to ask is a read as well.
        const identity = await confirmed(caller);
        confirmedMs = performance.now();
        return db.withTenant(identity.scope, (tx) => readPage(tx, follow, identity, after), PATIENCE);
      });
      if (page.rows.length > 0) {
        await Promise.race([sink.send(page.rows.map(toMessage)), follower.closed]);
      }
      after = page.reached;
      if (page.more) continue;
      if (page.ended) return 'complete';
      if (!(await follower.news(LOOK_EVERY_MS, sink.signal))) await sink.mark(String(after));
    } catch (error) {
      const { code, status } = toAgosError(error);
      if (code === 'internal_error') throw error;
      if (status < 500) return 'refused';
      if (performance.now() - confirmedMs > UNCONFIRMED_MS) return 'unavailable';
      await sleep(AGAIN_AFTER_MS);
    }
  }
  return 'gone';
}

async function readPage(tx: Tx, { filter, hasEnded }: Follow, { tenant }: Identity, after: number) {
  const ended = (await hasEnded?.(tx)) ?? false;
  return { ended, ...(await readEvents(tx, tenant.id, filter, { after, limit: PAGE_ROWS })) };
}

const toMessage = (row: EventRow): LiveMessage => ({
  id: String(row.seq),
  event: row.type,
  data: toEventView(row),
});
