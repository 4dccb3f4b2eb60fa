import { readTenant } from '../../access/tenants/repository.ts';
import type { Tx } from '../../runtime/database/database.ts';
import { findStop } from '../kill-switch/repository.ts';

/** Why nothing may be delivered for a tenant now, or null. What is due waits until it is over. */
export async function findObstacle(tx: Tx, tenant: string): Promise<'kill_switch' | 'tenant' | null> {
  if (await findStop(tx, tenant)) return 'kill_switch';
  const { status } = await readTenant(tx, tenant);
  return status === 'active' ? null : 'tenant';
}
