import { AgosError } from '../../kernel/errors.ts';

/** The entity tag of a row's version. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Throws `version_mismatch` when `If-Match` names other versions than the row's; without it nothing is compared. */
export function checkIfMatch(headers: Headers, version: number): void {
  const wanted = headers.get('if-match');
  if (wanted === null) return;
  const tags = wanted.split(',').map((tag) => tag.trim());
  if (tags.includes('*') || tags.includes(etagOf(version))) return;
  throw new AgosError(
    'version_mismatch',
    'Somebody changed this in the meantime: read it again, then repeat the change.',
    { current: etagOf(version) },
  );
}
