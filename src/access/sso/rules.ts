import type { Role } from '../../kernel/actor.ts';

/** Gives a role to whoever's claim has one of the values; `claim` is the way to it, name by name. */
export type MappingRule = { claim: string[]; values: string[]; role: Role };

/** What a connection makes of claims: the first rule that matches, else the default, else nothing. */
export type Mapping = { rules: readonly MappingRule[]; defaultRole: Role | null };

export type Claims = Readonly<Record<string, unknown>>;

/** A role, or null for a person who is refused, and what decided: a rule by its place, or neither. */
export type Mapped = { role: Role | null; decidedBy: 'rule' | 'default' | 'nothing'; rule: number | null };

/** Whether a role is set by people, or follows the claims of each token. */
export const ROLE_SOURCES = ['manual', 'sso'] as const;
export type RoleSource = (typeof ROLE_SOURCES)[number];

/** The role that claims give. */
export function mapClaims({ rules, defaultRole }: Mapping, claims: Claims): Mapped {
  const rule = rules.findIndex((one) => matches(one, claims));
  if (rule >= 0) return { role: rules[rule]!.role, decidedBy: 'rule', rule };
  return { role: defaultRole, decidedBy: defaultRole ? 'default' : 'nothing', rule: null };
}

/** Whether one of the values that a claim has is one that the rule names, letter by letter. */
export function matches({ claim, values }: MappingRule, claims: Claims): boolean {
  return valuesAt(claim, claims).some((value) => values.includes(value));
}

/** The values of a claim, as text: one, or those of a list; none where it is absent or something else. */
export function valuesAt(claim: readonly string[], claims: Claims): string[] {
  let at: unknown = claims;
  for (const name of claim) {
    const isObject = typeof at === 'object' && at !== null && !Array.isArray(at);
    if (!isObject || !Object.hasOwn(at as object, name)) return [];
    at = (at as Record<string, unknown>)[name];
  }
  return [at].flat().flatMap((one) => (isPlain(one) ? [String(one)] : []));
}

const isPlain = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value);

/** Every role that a mapping may give. */
export function rolesOf({ rules, defaultRole }: Mapping): Role[] {
  return [...rules.map(({ role }) => role), ...(defaultRole ? [defaultRole] : [])];
}
