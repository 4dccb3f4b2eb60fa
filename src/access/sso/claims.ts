import { storableText } from '../../kernel/text.ts';
import type { Claims } from './rules.ts';

const MAX_NAME = 200;

/** The name that claims give, for lists; null where there is none that one line can show. */
export function nameIn({ name }: Claims): string | null {
  if (typeof name !== 'string' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return null;
  const text = storableText(name).trim();
  return text === '' ? null : text.slice(0, MAX_NAME);
}
