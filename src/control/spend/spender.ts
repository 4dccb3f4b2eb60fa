import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { findUser } from '../quotas/repository.ts';
import { periodOf, secondsUntil } from '../quotas/rules.ts';
import { addReservation, endReservation, type SpendEntryRow, type Spent } from './repository.ts';
import { type Day, dayOf, type SpendCaps, usd } from './rules.ts';

/** One attempt at something that costs money. */
export type Spending = {
  scope: TenantScope;
  /** Names the attempt: one that is tried again has another key. */
  key: string;
  kind: SpendEntryRow['kind'];
  auditId: string | null;
  leadId: string | null;
};

/** Reserves before money is spent, and settles with what it came to. */
export type Spender = {
  /** Throws `budget_exceeded`, before anything is spent, when its day or its user's month has no room for this much. */
  reserve(what: Spending, microUsd: number): Promise<void>;
  /**
   * Ends the reservation with what was measured, or with the reservation itself where nobody can tell;
   * `also` is written in the same transaction. What has ended before is left as it is.
   */
  settle(
    what: Spending,
    microUsd: number | 'reserved',
    also?: (tx: Tx, spentMicroUsd: number) => Promise<void>,
  ): Promise<void>;
};

/** Longer than any attempt may take: what is still reserved then was left by a worker that is gone. */
const RESERVED_FOR_MS = 15 * 60_000;

/** A cap may be raised in the middle of a day: paused runs look so long after they were refused, then ever less often. */
const LOOK_AGAIN_MS = 30 * 60_000;

/** A run that no day has had room for in so long is told to give up: its history has no end otherwise. */
const GIVE_UP_AFTER_MS = 30 * 24 * 3_600_000;

/** Makes the ledger's door for one process. */
export function createSpender(deps: {
  db: Database;
  clock: Clock;
  caps: SpendCaps;
  /** After how long a run that was refused asks again. */
  lookAgainMs?: number;
  /** After how long it asks no more. */
  giveUpAfterMs?: number;
}): Spender {
  const { db, clock, caps, lookAgainMs = LOOK_AGAIN_MS, giveUpAfterMs = GIVE_UP_AFTER_MS } = deps;
  const patience = { lookAgainMs, giveUpAfterMs };
  return {
    reserve: (what, microUsd) => {
      const now = clock.now();
      const day = dayOf(now);
      return db.withTenant(what.scope, async (tx) => {
        const spent = await addReservation(tx, {
          tenantId: what.scope.tenant,
          key: what.key,
          kind: what.kind,
          day: day.date,
          reservedMicroUsd: microUsd,
          auditId: what.auditId,
          leadId: what.leadId,
          createdBy: what.scope.actor.id,
          userId: await findUser(tx, what.scope.tenant, what.scope.actor.id),
          expiresAt: new Date(now.getTime() + RESERVED_FOR_MS),
        });
        if (spent) requireWithinCaps(spent, { caps, day, now, patience });
      });
    },
    settle: (what, microUsd, also) =>
      db.withTenant(what.scope, async (tx) => {
        const end = { state: 'settled' as const, microUsd, now: clock.now() };
        const spent = await endReservation(tx, { tenant: what.scope.tenant, key: what.key, ...end });
        if (spent !== null) await also?.(tx, spent);
      }),
  };
}

/** How a run that has begun waits for room. */
type Patience = { lookAgainMs: number; giveUpAfterMs: number };

/** Throws `budget_exceeded` when spend is above a cap; the sentence says when there is room again. */
export function requireWithinCaps(
  spent: Spent,
  { caps, day, now, patience }: { caps: SpendCaps; day: Day; now: Date; patience?: Patience },
): void {
  const reached = reachedCap(spent, { caps, day, now });
  if (reached === null) return;
  const { what, endsAt } = reached;
  throw new AgosError('budget_exceeded', `${what} is used up: there is room again from ${at(endsAt)} on.`, {
    available_at: endsAt.toISOString(),
    retryAfterSeconds: secondsUntil(endsAt, now),
    ...(patience && {
      look_again_ms: Math.min(patience.lookAgainMs, endsAt.getTime() - now.getTime()),
      give_up_after_ms: patience.giveUpAfterMs,
    }),
  });
}

/** The cap that has no room left, the one that ends last; null while there is room everywhere. */
function reachedCap(
  spent: Spent,
  { caps, day, now }: { caps: SpendCaps; day: Day; now: Date },
): { what: string; endsAt: Date } | null {
  if (spent.userMicroUsd > caps.userMicroUsd)
    return { what: `Your budget of ${usd(caps.userMicroUsd)} for this month`, endsAt: periodOf(now).endsAt };
  if (spent.tenantMicroUsd > caps.tenantMicroUsd)
    return { what: `The budget of ${usd(caps.tenantMicroUsd)} for this day`, endsAt: day.endsAt };
  if (spent.globalMicroUsd > caps.globalMicroUsd)
    return { what: 'The budget of this installation for this day', endsAt: day.endsAt };
  return null;
}

const at = (moment: Date): string => `${moment.toISOString().slice(0, 10)} 00:00 UTC`;
