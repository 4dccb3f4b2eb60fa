import { and, eq, isNull, sql } from 'drizzle-orm';
import { unionAll } from 'drizzle-orm/pg-core';
import type { Database, Tx } from '../../runtime/database/database.ts';
import {
  keyset,
  type PageOf,
  type PageRequest,
  type SortColumns,
  toPage,
} from '../../runtime/database/keyset.ts';
import { newId } from '../../runtime/ids.ts';
import type { Stop, StopReach } from './rules.ts';
import { globalKillSwitches, killSwitches } from './tables.ts';

export type KillSwitchRow = typeof killSwitches.$inferSelect;
export type GlobalKillSwitchRow = typeof globalKillSwitches.$inferSelect;

/** The switch that stops this tenant's work now, its own or the global one, or null. */
export async function findStop(tx: Tx, tenant: string): Promise<Stop | null> {
  const own = tx
    .select({
      reach: sql<StopReach>`'tenant'`,
      reason: killSwitches.reason,
      since: killSwitches.turnedOnAt,
    })
    .from(killSwitches)
    .where(and(eq(killSwitches.tenantId, tenant), isNull(killSwitches.turnedOffAt)));
  const everybodys = tx
    .select({
      reach: sql<StopReach>`'global'`,
      reason: globalKillSwitches.reason,
      since: globalKillSwitches.turnedOnAt,
    })
    .from(globalKillSwitches)
    .where(isNull(globalKillSwitches.turnedOffAt));
  const [stop] = await unionAll(own, everybodys).limit(1);
  return stop ?? null;
}

/** Every switch that is on, of all tenants: what a worker compares its open steps with. */
export type StopsInForce = { everybody: Stop | null; tenants: ReadonlyMap<string, Stop> };

/** Reads the switches of all tenants by the second door. */
export async function findStopsInForce(db: Database): Promise<StopsInForce> {
  return db.withSystem('kill_switches_on', async (tx) => {
    // One round trip: this is asked many times a second while work is to be stopped in one.
    const found = await unionAll(
      tx
        .select({
          tenant: sql<string | null>`null::uuid`,
          reason: globalKillSwitches.reason,
          turnedOnAt: globalKillSwitches.turnedOnAt,
        })
        .from(globalKillSwitches)
        .where(isNull(globalKillSwitches.turnedOffAt)),
      tx
        .select({
          tenant: sql<string | null>`${killSwitches.tenantId}`,
          reason: killSwitches.reason,
          turnedOnAt: killSwitches.turnedOnAt,
        })
        .from(killSwitches)
        .where(isNull(killSwitches.turnedOffAt)),
    );
    const everybodys = found.find(({ tenant }) => tenant === null);
    const own = found.flatMap((row) => (row.tenant ? [[row.tenant, toStop('tenant', row)] as const] : []));
    return { everybody: everybodys ? toStop('global', everybodys) : null, tenants: new Map(own) };
  });
}

/** A switch's row as what it stops. */
export function toStop(reach: StopReach, row: { reason: string; turnedOnAt: Date }): Stop {
  return { reach, reason: row.reason, since: row.turnedOnAt };
}

/** Turns a tenant's switch on; the one that is on already stays, with its reason (`created: false`). */
export async function insertKillSwitch(
  tx: Tx,
  row: { tenantId: string; reason: string; turnedOnBy: string },
): Promise<{ row: KillSwitchRow; created: boolean }> {
  const insert = () =>
    tx
      .insert(killSwitches)
      .values({ ...row, id: newId() })
      .onConflictDoNothing({ target: [killSwitches.tenantId], where: sql`turned_off_at is null` })
      .returning();
  return insertUnlessOn(insert, () => findKillSwitchOn(tx, row.tenantId));
}

/** Others would have to turn it off between two statements as often as this. */
const MOST_TRIES = 10;

/** Whoever asks for a stop gets one, also when the switch that stood in the way is turned off meanwhile. */
async function insertUnlessOn<Row>(
  insert: () => PromiseLike<Row[]>,
  find: () => Promise<Row | null>,
): Promise<{ row: Row; created: boolean }> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const [made] = await insert();
    if (made) return { row: made, created: true };
    const standing = await find();
    if (standing) return { row: standing, created: false };
  }
  throw new Error('the switch was turned off each time while it was turned on');
}

/** The tenant's own switch that is on, or null. */
export async function findKillSwitchOn(tx: Tx, tenant: string): Promise<KillSwitchRow | null> {
  const [row] = await tx
    .select()
    .from(killSwitches)
    .where(and(eq(killSwitches.tenantId, tenant), isNull(killSwitches.turnedOffAt)));
  return row ?? null;
}

/** The tenant's switch of this id, on or off, or null. */
export async function findKillSwitch(tx: Tx, tenant: string, id: string): Promise<KillSwitchRow | null> {
  const [row] = await tx
    .select()
    .from(killSwitches)
    .where(and(eq(killSwitches.tenantId, tenant), eq(killSwitches.id, id)));
  return row ?? null;
}

/** Turns the tenant's switch off; null when it was not on. */
export async function endKillSwitch(
  tx: Tx,
  tenant: string,
  end: { by: string; reason: string | null },
): Promise<KillSwitchRow | null> {
  const [row] = await tx
    .update(killSwitches)
    .set({ turnedOffAt: sql`clock_timestamp()`, turnedOffBy: end.by, turnedOffReason: end.reason })
    .where(and(eq(killSwitches.tenantId, tenant), isNull(killSwitches.turnedOffAt)))
    .returning();
  return row ?? null;
}

const SORTS: SortColumns<'turned_on_at'> = { turned_on_at: { by: killSwitches.id, type: 'uuid' } };

/** One page of the times at which the tenant's work was stopped. */
export async function listKillSwitches(
  tx: Tx,
  tenant: string,
  page: PageRequest<'turned_on_at'>,
): Promise<PageOf<KillSwitchRow>> {
  const { key, after, orderBy, limit } = keyset(page, SORTS, killSwitches.id);
  const found = await tx
    .select({ row: killSwitches, key })
    .from(killSwitches)
    .where(and(eq(killSwitches.tenantId, tenant), after))
    .orderBy(...orderBy)
    .limit(limit);
  return toPage(found, page);
}

/** The global switch that is on, or null. */
export async function findGlobalOn(tx: Tx): Promise<GlobalKillSwitchRow | null> {
  const [row] = await tx.select().from(globalKillSwitches).where(isNull(globalKillSwitches.turnedOffAt));
  return row ?? null;
}

/** Turns the global switch on, as the owner; the one that is on already stays, with its reason. */
export async function insertGlobal(
  tx: Tx,
  row: { reason: string; turnedOnBy: string },
): Promise<{ row: GlobalKillSwitchRow; created: boolean }> {
  const insert = () =>
    tx
      .insert(globalKillSwitches)
      .values({ ...row, id: newId() })
      .onConflictDoNothing()
      .returning();
  return insertUnlessOn(insert, () => findGlobalOn(tx));
}

/** Turns the global switch off, as the owner; null when it was not on. */
export async function endGlobal(
  tx: Tx,
  end: { by: string; reason: string | null },
): Promise<GlobalKillSwitchRow | null> {
  const [row] = await tx
    .update(globalKillSwitches)
    .set({ turnedOffAt: sql`clock_timestamp()`, turnedOffBy: end.by, turnedOffReason: end.reason })
    .where(isNull(globalKillSwitches.turnedOffAt))
    .returning();
  return row ?? null;
}
