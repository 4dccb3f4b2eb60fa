import type { Playbook } from './schema.ts';

/** Spells an industry as playbooks do: lower case, words joined by hyphens. */
export function industryTag(industry: string): string {
  return industry
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
}

/** Picks the playbook for a lead: by industry tag, the lowest priority number first, else the default. */
export function choosePlaybook(playbooks: readonly Playbook[], industry: string | null): Playbook {
  const byPriority = [...playbooks].sort((a, b) => a.priority - b.priority || (a.slug < b.slug ? -1 : 1));
  const tag = industry === null ? '' : industryTag(industry);
  const chosen =
    byPriority.find((playbook) => playbook.industry_tags.includes(tag)) ??
    byPriority.find((playbook) => playbook.is_default);
  if (chosen === undefined) throw new Error('no playbook is the default');
  return chosen;
}
