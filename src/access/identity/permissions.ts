import { ROLES, type Role } from '../../kernel/actor.ts';

/** Everything that a route may ask for: a closed list. */
export const PERMISSIONS = [
  'tenant:read',
  'tenant:write',
  'billing:write',
  'spend:read',
  'members:read',
  'members:write',
  'keys:read',
  'keys:write',
  'sso:read',
  'sso:write',
  'audit_log:read',
  'leads:read',
  'leads:write',
  'leads:assign',
  'batches:read',
  'batches:write',
  'triage:run',
  'audits:read',
  'decisions:decide',
  'runs:read',
  'runs:cancel',
  'events:read',
  'analytics:read',
  'assets:read',
  'agents:read',
  'playbooks:read',
  'kill_switch:read',
  'kill_switch:on',
  'kill_switch:off',
  'webhooks:read',
  'webhooks:write',
  'alerts:read',
  'alerts:write',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** What one may do with the leads one made or that are assigned to one; row-level security decides which. */
const OWN_READ: readonly Permission[] = [
  'tenant:read',
  'leads:read',
  'batches:read',
  'audits:read',
  'runs:read',
  'events:read',
  'analytics:read',
  'assets:read',
  'agents:read',
  'playbooks:read',
];

/** What is bought, and whom the tenant trusts to say who people are. */
const OWNER_ONLY: readonly Permission[] = ['billing:write', 'sso:write'];

/** Permissions of each role; `seesAll` tells which roles see every row of their tenant. */
const GRANTS: Record<Role, { permissions: readonly Permission[]; seesAll: boolean }> = {
  owner: { permissions: PERMISSIONS, seesAll: true },
  admin: { permissions: PERMISSIONS.filter((one) => !OWNER_ONLY.includes(one)), seesAll: true },
  operator: {
    permissions: [
      ...OWN_READ,
      'members:read',
      'spend:read',
      'leads:write',
      'leads:assign',
      'batches:write',
      'triage:run',
      'decisions:decide',
      'runs:cancel',
      'kill_switch:read',
      'kill_switch:on',
      'alerts:read',
      'alerts:write',
    ],
    seesAll: true,
  },
  editor: { permissions: [...OWN_READ, 'leads:write'], seesAll: false },
  analyst: { permissions: PERMISSIONS.filter((one) => one.endsWith(':read')), seesAll: true },
  viewer: { permissions: OWN_READ, seesAll: false },
};

/** The permissions of a role, or the part that a key is narrowed to; anyone may ask who they are. */
export function permissionsOf(role: Role, scopes: readonly string[] | null = null): ReadonlySet<Permission> {
  const granted = GRANTS[role].permissions;
  return new Set(
    scopes === null ? granted : granted.filter((one) => one === 'tenant:read' || scopes.includes(one)),
  );
}

/** Whether a role sees every row of its tenant, or only own and assigned ones. */
export function seesAll(role: Role): boolean {
  return GRANTS[role].seesAll;
}

/** Whether `role` may hand out `granted`: nobody grants a role above their own. */
export function mayGrant(role: Role, granted: Role): boolean {
  return ROLES.indexOf(role) <= ROLES.indexOf(granted);
}
