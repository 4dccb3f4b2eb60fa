import type { Tx } from '../../runtime/database/database.ts';
import type { RunRow } from './repository.ts';
import type { RunEnd, RunKind } from './rules.ts';

/** What a run was to work on, for when the run ends before any workflow saw it: a lead gets its hold. */
export type RunEndHook = {
  /** Locks what every other writer locks before the run: the other way round ends in a deadlock. */
  lockFirst?(tx: Tx, run: RunRow): Promise<unknown>;
  settle(ctx: { tx: Tx; now: Date }, run: RunRow, end: RunEnd): Promise<void>;
};
/** Hooks of each kind of run, in the order in which they run. */
export type RunEndHooks = Record<RunKind, readonly RunEndHook[]>;

/** Takes the locks that come before that of the run; call it with a run that is not locked yet. */
export async function lockBeforeRun(hooks: RunEndHooks, tx: Tx, run: RunRow): Promise<void> {
  for (const hook of hooks[run.kind]) await hook.lockFirst?.(tx, run);
}

/** Settles what an ended run leaves. */
export async function settleRunEnd(
  hooks: RunEndHooks,
  ctx: { tx: Tx; now: Date },
  run: RunRow,
  end: RunEnd,
): Promise<void> {
  for (const hook of hooks[run.kind]) await hook.settle(ctx, run, end);
}
