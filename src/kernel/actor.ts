/** A member's or key's role, from most to least powerful (`design`: access). */
export const ROLES = ['owner', 'admin', 'operator', 'editor', 'analyst', 'viewer'] as const;

export type Role = (typeof ROLES)[number];

/** Who acts: a member of the tenant, an API key, or AgOS itself on behalf of the principal that asked. */
export type Actor = {
  kind: 'member' | 'key' | 'system';
  /** Id of the member or key; for `system`, of the principal whose request started the work. */
  id: string;
  /** Whether row-level security shows every row of the tenant, or only own and assigned ones. */
  seesAll: boolean;
};

/** One tenant and who acts in it: what every read and write runs as. */
export type TenantScope = { tenant: string; actor: Actor };

/** AgOS at work inside a tenant for the principal that asked: sees every row of that tenant. */
export function systemScope(tenant: string, principalId: string): TenantScope {
  return { tenant, actor: { kind: 'system', id: principalId, seesAll: true } };
}
