import { SYSTEM_PURPOSES } from '../../src/runtime/database/database.ts';

/** Tables that hold no tenant's rows, each with the reason why it may. */
export const GLOBAL_TABLES: Record<string, string> = {
  playbooks: 'shipped with the product, read-only, the same for every tenant',
  agents: 'shipped with the product, read-only, the same for every tenant',
};

/** Tables whose tenant is another column than `tenant_id`. */
export const SELF_TABLES: Record<string, string> = { tenants: 'the tenant itself: its id is the tenant' };

/** Exactly what the runtime role may do with each table; nothing may be truncated or referenced. */
export const RUNTIME_GRANTS: Record<string, string> = {
  tenants: 'SELECT UPDATE',
  members: 'INSERT SELECT UPDATE',
  api_keys: 'INSERT SELECT UPDATE',
  runs: 'INSERT SELECT UPDATE',
  leads: 'INSERT SELECT UPDATE',
  contacts: 'INSERT SELECT UPDATE',
  lead_batches: 'INSERT SELECT UPDATE',
  batch_items: 'INSERT SELECT UPDATE',
  audits: 'INSERT SELECT UPDATE',
  agent_runs: 'INSERT SELECT UPDATE',
  model_calls: 'INSERT SELECT UPDATE',
  assets: 'INSERT SELECT UPDATE',
  approvals: 'INSERT SELECT UPDATE',
  audit_log: 'INSERT SELECT',
  idempotency_keys: 'DELETE INSERT SELECT',
  playbooks: 'SELECT',
  agents: 'SELECT',
};

/** What the second door reads for one of its purposes; it writes nothing. */
export const SYSTEM_TABLES = [...new Set<string>(Object.values(SYSTEM_PURPOSES).flat())].sort();

/** Functions that the runtime roles may call; every other one of ours runs inside a trigger. */
export const FUNCTIONS = [
  'agos_lead_changed',
  'agos_principal',
  'agos_sees_all',
  'agos_search_leads',
  'agos_tenant',
];

/** Functions that run with their owner's rights, past the policies, each with the reason and what holds it. */
export const DEFINERS: Record<string, string> = {
  agos_search_leads:
    'no index serves a search under a policy; it filters by tenant and actor of the transaction itself',
};
