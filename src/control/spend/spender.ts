import type { TenantScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import { secondsUntil } from '../quotas/rules.ts';
import { addReservation, type DaySpend, endReservation, type SpendEntryRow } from './repository.ts';
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
  /** Throws `budget_exceeded`, before anything is spent, when the day has no room for this much. */
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

/** A cap may be raised in the middle of a day: this is how long it takes at most until paused runs notice. */
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
        const spend = await addReservation(tx, {
          tenantId: what.scope.tenant,
          key: what.key,
          kind: what.kind,
          day: day.date,
          reservedMicroUsd: microUsd,
          auditId: what.auditId,
          leadId: what.leadId,
          createdBy: what.scope.actor.id,
          expiresAt: new Date(now.getTime() + RESERVED_FOR_MS),
        });
        if (spend) requireWithinCaps(spend, { caps, day, now, patience });
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

/** Throws `budget_exceeded` when a day's spend is above a cap; the sentence says when there is room again. */
export function requireWithinCaps(
  spend: DaySpend,
  { caps, day, now, patience }: { caps: SpendCaps; day: Day; now: Date; patience?: Patience },
): void {
  const reached =
    spend.tenantMicroUsd > caps.tenantMicroUsd
      ? `The budget of ${usd(caps.tenantMicroUsd)} for this day is used up`
      : spend.globalMicroUsd > caps.globalMicroUsd
        ? 'The budget of this installation for this day is used up'
        : null;
  if (reached === null) return;
  throw new AgosError('budget_exceeded', `${reached}: there is room again from ${at(day.endsAt)} on.`, {
    available_at: day.endsAt.toISOString(),
    retryAfterSeconds: secondsUntil(day.endsAt, now),
    ...(patience && {
      look_again_ms: Math.min(patience.lookAgainMs, day.endsAt.getTime() - now.getTime()),
      give_up_after_ms: patience.giveUpAfterMs,
    }),
  });
}

const at = (moment: Date): string => `${moment.toISOString().slice(0, 10)} 00:00 UTC`;
