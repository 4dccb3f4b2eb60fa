import type { Sql } from 'postgres';
import type { Playbook } from '../triage/playbooks/schema.ts';
import type { TRIAGE_AGENT } from '../triage/triage-room/agent.ts';

/** An agent as a build ships it. */
type Agent = { [Field in keyof typeof TRIAGE_AGENT]: Widened<(typeof TRIAGE_AGENT)[Field]> };
type Widened<T> = T extends readonly string[] ? readonly string[] : T extends string ? string : number;

/**
 * Adds the playbook versions that are not stored yet. A stored version never changes: a file that says
 * otherwise under the same version stops with a sentence.
 */
export async function seedPlaybooks(sql: Sql, playbooks: readonly Playbook[]): Promise<void> {
  for (const playbook of playbooks) {
    const { slug, version, name, industry_tags, priority, is_default } = playbook;
    const config = sql.json(playbook as never);
    await sql`insert into playbooks (slug, version, room, name, config, industry_tags, priority, is_default)
      values (${slug}, ${version}, 'triage', ${name}, ${config}, ${industry_tags}, ${priority}, ${is_default})
      on conflict do nothing`;
    const [same] =
      await sql`select 1 from playbooks where slug = ${slug} and version = ${version} and config = ${config}`;
    if (!same) throw changed('playbook', slug, version);
  }
}

/** Adds the agent versions that are not stored yet, by the same rule. */
export async function seedAgents(sql: Sql, agents: readonly Agent[]): Promise<void> {
  for (const agent of agents) {
    const { slug, version, name, description, room, modelTier, systemPrompt, timeoutSeconds, retryAttempts } =
      agent;
    const [skills, tools] = [sql.json([...agent.skills]), sql.json([...agent.tools])];
    await sql`insert into agents (slug, version, name, description, room, model_tier, system_prompt, skills, tools,
        timeout_seconds, retry_attempts)
      values (${slug}, ${version}, ${name}, ${description}, ${room}, ${modelTier}, ${systemPrompt}, ${skills},
        ${tools}, ${timeoutSeconds}, ${retryAttempts})
      on conflict do nothing`;
    const [same] = await sql`select 1 from agents where slug = ${slug} and version = ${version}
      and (name, description, room, model_tier, system_prompt, skills, tools, timeout_seconds, retry_attempts)
        = (${name}, ${description}, ${room}, ${modelTier}, ${systemPrompt}, ${skills}, ${tools},
          ${timeoutSeconds}::int, ${retryAttempts}::int)`;
    if (!same) throw changed('agent', slug, version);
  }
}

function changed(what: string, slug: string, version: string): Error {
  return new Error(`The ${what} ${slug} was changed but kept its version ${version}: give it a new one.`);
}
