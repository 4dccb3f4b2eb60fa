import { and, desc, eq } from 'drizzle-orm';
import type { Tx } from '../../runtime/database/database.ts';
import { agents } from './tables.ts';

export type AgentRow = typeof agents.$inferSelect;

/** An agent's named version, or its newest; null when there is none. */
export async function findAgent(tx: Tx, slug: string, version?: string): Promise<AgentRow | null> {
  const [row] = await tx
    .select()
    .from(agents)
    .where(and(eq(agents.slug, slug), version === undefined ? undefined : eq(agents.version, version)))
    .orderBy(desc(agents.createdAt), desc(agents.version))
    .limit(1);
  return row ?? null;
}

/** The newest version of every agent, by slug. */
export async function listAgents(tx: Tx): Promise<AgentRow[]> {
  return tx
    .selectDistinctOn([agents.slug])
    .from(agents)
    .orderBy(agents.slug, desc(agents.createdAt), desc(agents.version));
}
