import { and, eq } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { playbooks } from './tables.ts';

export type PlaybookRow = typeof playbooks.$inferSelect;

/** One version of a playbook, or null. */
export async function findPlaybookVersion(
  tx: Tx,
  slug: string,
  version: string,
): Promise<PlaybookRow | null> {
  const [row] = await tx
    .select()
    .from(playbooks)
    .where(and(eq(playbooks.slug, slug), eq(playbooks.version, version)));
  return row ?? null;
}
