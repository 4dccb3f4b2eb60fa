import { and, desc, eq } from 'drizzle-orm';
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

/** The newest version of a playbook, or null. */
export async function findPlaybook(tx: Tx, slug: string): Promise<PlaybookRow | null> {
  const [row] = await tx
    .select()
    .from(playbooks)
    .where(eq(playbooks.slug, slug))
    .orderBy(desc(playbooks.createdAt), desc(playbooks.version))
    .limit(1);
  return row ?? null;
}

/** The newest version of every playbook, by slug. */
export async function listPlaybooks(tx: Tx): Promise<PlaybookRow[]> {
  return tx
    .selectDistinctOn([playbooks.slug])
    .from(playbooks)
    .orderBy(playbooks.slug, desc(playbooks.createdAt), desc(playbooks.version));
}
