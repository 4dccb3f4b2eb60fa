import { seesAll } from '../../src/access/identity/permissions.ts';
import { createKeyAsAdmin, createTenant as insertTenant } from '../../src/access/tenants/create-tenant.ts';
import { changePlan } from '../../src/control/quotas/change-plan.ts';
import { ROLES, type Role, type TenantScope } from '../../src/kernel/actor.ts';
import { newId } from '../../src/runtime/ids.ts';
import type { TestDatabase } from './database.ts';

/** An API key of one role, ready to be sent, and the scope that its requests act in. */
export type TestKey = {
  id: string;
  key: string;
  role: Role;
  headers: Record<string, string>;
  scope: TenantScope;
};
export type TestMember = { id: string; issuer: string; subject: string; role: Role; scope: TenantScope };
export type TestTenant = {
  id: string;
  name: string;
  keys: Record<Role, TestKey>;
  members: Record<Role, TestMember>;
  /** Sees every row of the tenant: the owner key's scope. */
  scope: TenantScope;
};

/** The issuer of test members; `tests/support/identity-provider.ts` signs for it. */
export const TEST_ISSUER = 'https://id.example';

/** A tenant of its own for a suite, with an API key and a member of each role. */
export async function createTenant(database: TestDatabase, name = 'Acme Agency'): Promise<TestTenant> {
  const { id } = await insertTenant(database.admin, { name });
  const keys = await forEachRole((role) => createKey(database, id, role));
  const members = await forEachRole((role) => createMember(database, id, role));
  return { id, name, keys, members, scope: keys.owner.scope };
}

/** More than any test asks for, where one asks for more than the plan has. */
export async function giveVolume(database: TestDatabase, tenant: string): Promise<void> {
  const volume = { triage_quota: 100_000, add_credits: 100_000 };
  await changePlan(database.admin, { tenant, now: new Date(), ...volume });
}

/** One more API key of a tenant. */
export async function createKey(database: TestDatabase, tenant: string, role: Role): Promise<TestKey> {
  const { id, key } = await createKeyAsAdmin(database.admin, { tenant, role, name: `${role} key` });
  const scope: TenantScope = { tenant, actor: { kind: 'key', id, seesAll: seesAll(role) } };
  return { id, key, role, headers: { authorization: `Bearer ${key}` }, scope };
}

/** One more member of a tenant. */
export async function createMember(
  database: TestDatabase,
  tenant: string,
  role: Role,
  subject: string = newId(),
): Promise<TestMember> {
  const id = newId();
  await database.admin`insert into members (tenant_id, id, issuer, subject, name, role, created_by)
    values (${tenant}, ${id}, ${TEST_ISSUER}, ${subject}, ${`${role} person`}, ${role}, ${id})`;
  const scope: TenantScope = { tenant, actor: { kind: 'member', id, seesAll: seesAll(role) } };
  return { id, issuer: TEST_ISSUER, subject, role, scope };
}

async function forEachRole<T>(make: (role: Role) => Promise<T>): Promise<Record<Role, T>> {
  const entries: [Role, T][] = [];
  for (const role of ROLES) entries.push([role, await make(role)]);
  return Object.fromEntries(entries) as Record<Role, T>;
}
