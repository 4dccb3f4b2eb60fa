import type postgres from 'postgres';
import type { Role } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { newId } from '../../runtime/ids.ts';
import { newKeySecret } from '../keys/secret.ts';

/** The owner's connection: no HTTP route creates tenants, and the runtime role may not. */
export type AdminSql = postgres.Sql;
export type AdminTx = postgres.TransactionSql;

/** Adds a tenant, audited as the administrator's act. */
export async function createTenant(admin: AdminSql, input: { name: string }): Promise<{ id: string }> {
  const id = newId();
  await admin.begin(async (tx) => {
    await tx`insert into tenants (id, name, status, subscription_status) values (${id}, ${input.name}, 'active', 'trialing')`;
    await recordAsAdmin(tx, {
      tenant: id,
      action: 'tenant.created',
      type: 'tenant',
      id,
      details: { name: input.name },
    });
  });
  return { id };
}

/** Adds an API key to a tenant, audited; `key` is shown this once and never again. */
export async function createKeyAsAdmin(
  admin: AdminSql,
  input: { tenant: string; role: Role; name: string },
): Promise<{ id: string; key: string; prefix: string }> {
  const id = newId();
  const { key, prefix, hash } = newKeySecret();
  await admin.begin(async (tx) => {
    const [known] = await tx`select id from tenants where id = ${input.tenant} and deleted_at is null`;
    if (!known)
      throw new AgosError(
        'not_found',
        `There is no tenant ${input.tenant}: create one with "agos tenant create NAME".`,
      );
    // A key of the administrator has no member behind it: it counts as its own maker.
    await tx`insert into api_keys (tenant_id, id, name, prefix, hash, role, created_by)
      values (${input.tenant}, ${id}, ${input.name}, ${prefix}, ${hash}, ${input.role}, ${id})`;
    const details = { role: input.role, name: input.name };
    await recordAsAdmin(tx, { tenant: input.tenant, action: 'key.created', type: 'key', id, details });
  });
  return { id, key, prefix };
}

/** Writes the audit row of an administrator's act. */
export async function recordAsAdmin(
  tx: AdminTx,
  entry: { tenant: string; action: string; type: string; id: string; details: Record<string, string> },
): Promise<void> {
  await tx`insert into audit_log (tenant_id, id, actor_kind, action, resource_type, resource_id, details)
    values (${entry.tenant}, ${newId()}, 'administrator', ${entry.action}, ${entry.type}, ${entry.id}, ${tx.json(entry.details)})`;
}
