import type { Playbook } from './schema.ts';

/**
 * Picks the playbook for a lead: the one that names its industry, else one that names a part of it ("Dental
 * practice" has "dental"), the lowest priority number first; else the default.
 */
export function choosePlaybook(playbooks: readonly Playbook[], industry: string | null): Playbook {
  const byPriority = [...playbooks].sort((a, b) => a.priority - b.priority || (a.slug < b.slug ? -1 : 1));
  const words = wordsOf(industry ?? '');
  const naming = (names: (tag: string[]) => boolean) =>
    byPriority.find((playbook) => playbook.industry_tags.some((tag) => names(wordsOf(tag))));
  const chosen =
    naming((tag) => tag.join('') === words.join('')) ??
    naming((tag) => ` ${words.join(' ')} `.includes(` ${tag.join(' ')} `)) ??
    byPriority.find((playbook) => playbook.is_default);
  if (chosen === undefined) throw new Error('no playbook is the default');
  return chosen;
}

/** The words of an industry or a tag however they are written: case, accents, separators and plurals are the same. */
function wordsOf(text: string): string[] {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\p{M}'’]/gu, '')
    .replace(/&/g, ' and ')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map(singular);
}

/** Good enough to compare with: both sides go through it. */
function singular(word: string): string {
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return /[^sui]s$/.test(word) ? word.slice(0, -1) : word;
}
