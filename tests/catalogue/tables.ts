import { SYSTEM_PURPOSES } from '../../src/runtime/database/database.ts';

/** Tables that hold no tenant's rows, each with the reason why it may. */
export const GLOBAL_TABLES: Record<string, string> = {
  playbooks: 'shipped with the product, read-only, the same for every tenant',
  agents: 'shipped with the product, read-only, the same for every tenant',
  global_kill_switches:
    'stops every tenant; only the owner’s connection writes it, and everybody may know why',
};

/** Tables whose tenant is another column than `tenant_id`. */
export const SELF_TABLES: Record<string, string> = { tenants: 'the tenant itself: its id is the tenant' };

/** Exactly what the runtime role may do with each table; nothing may be truncated or referenced. */
export const RUNTIME_GRANTS: Record<string, string> = {
  tenants: 'SELECT',
  members: 'INSERT SELECT UPDATE',
  api_keys: 'INSERT SELECT UPDATE',
  sso_connections: 'INSERT SELECT UPDATE',
  runs: 'INSERT SELECT UPDATE',
  leads: 'INSERT SELECT UPDATE',
  lead_stays: 'SELECT',
  contacts: 'INSERT SELECT UPDATE',
  lead_batches: 'INSERT SELECT UPDATE',
  batch_items: 'INSERT SELECT UPDATE',
  audits: 'INSERT SELECT UPDATE',
  agent_runs: 'INSERT SELECT UPDATE',
  model_calls: 'INSERT SELECT UPDATE',
  assets: 'INSERT SELECT UPDATE',
  approvals: 'INSERT SELECT UPDATE',
  credit_periods: 'INSERT SELECT',
  quota_usage: 'INSERT SELECT',
  spend_entries: 'INSERT SELECT',
  spend_days: 'INSERT SELECT',
  spend_months: 'INSERT SELECT',
  request_buckets: 'INSERT SELECT',
  audit_log: 'INSERT SELECT',
  events: 'SELECT',
  idempotency_keys: 'DELETE INSERT SELECT',
  playbooks: 'SELECT',
  agents: 'SELECT',
  kill_switches: 'INSERT SELECT',
  global_kill_switches: 'SELECT',
  run_steps: 'INSERT SELECT',
  webhook_endpoints: 'INSERT SELECT UPDATE',
  webhook_secrets: 'DELETE INSERT SELECT',
  webhook_deliveries: 'INSERT SELECT',
  webhook_attempts: 'INSERT SELECT',
  alerts: 'INSERT SELECT',
};

/** Tables of which the runtime role may change some columns only. */
export const COLUMN_GRANTS: Record<string, string[]> = {
  alerts: [
    'acknowledged_at',
    'acknowledged_by',
    'acknowledged_note',
    'count',
    'last_seen_at',
    'resolution',
    'resolved_at',
    'resolved_by',
    'resolved_note',
    'status',
    'summary',
  ],
  credit_periods: ['updated_at', 'used'],
  kill_switches: ['turned_off_at', 'turned_off_by', 'turned_off_reason'],
  quota_usage: ['updated_at', 'used'],
  request_buckets: ['measured_at', 'used'],
  run_steps: ['ended_at', 'outcome'],
  spend_days: ['spent_micro_usd', 'updated_at'],
  spend_entries: ['ended_at', 'spent_micro_usd', 'state'],
  spend_months: ['spent_micro_usd', 'updated_at'],
  tenants: ['currency', 'name', 'updated_at', 'version'],
  webhook_attempts: ['duration_ms', 'error', 'response_excerpt', 'status_code'],
  webhook_deliveries: ['delivered_at', 'error', 'next_attempt_at', 'status', 'status_code', 'tries'],
  webhook_secrets: ['expires_at'],
};

/** What the second door reads for one of its purposes; it writes nothing. */
export const SYSTEM_TABLES = [...new Set<string>(Object.values(SYSTEM_PURPOSES).flat())].sort();

/** Every function of ours: the runtime roles call some, the others run inside a trigger. */
export const FUNCTIONS = [
  'agos_append_event',
  'agos_count_requests',
  'agos_end_webhook_attempt',
  'agos_event_floor',
  'agos_event_head',
  'agos_events_of_agent_run',
  'agos_events_of_alert',
  'agos_events_of_approval',
  'agos_events_of_audit',
  'agos_events_of_batch',
  'agos_events_of_batch_item',
  'agos_events_of_lead',
  'agos_events_of_model_call',
  'agos_events_of_run',
  'agos_events_of_spend',
  'agos_keep_stay',
  'agos_events_of_webhook_endpoint',
  'agos_forget_events',
  'agos_forget_run_steps',
  'agos_forget_spend_entries',
  'agos_forget_webhook_deliveries',
  'agos_lead_changed',
  'agos_utc_day',
  'agos_new_id',
  'agos_principal',
  'agos_sees_all',
  'agos_spent_by_all',
  'agos_search_leads',
  'agos_stay_ms',
  'agos_take_requests',
  'agos_tenant',
];

/** Those of the functions below that the system role may call too. */
export const SYSTEM_DEFINERS: readonly string[] = ['agos_spent_by_all'];

/** Functions that run with their owner's rights, past the policies, each with the reason and what holds it. */
export const DEFINERS: Record<string, string> = {
  agos_event_floor:
    'the oldest event may be one that an actor may not see; it reads the transaction’s own tenant',
  agos_forget_events:
    'nobody may delete an event by choice; it removes the oldest of the transaction’s own tenant, none of the last 7 days',
  agos_forget_run_steps: 'nobody may delete a step by choice; it removes ended ones, none of the last 7 days',
  agos_forget_spend_entries:
    'nobody may delete an entry by choice; it removes ended ones, none of the last 62 days',
  agos_forget_webhook_deliveries:
    'nobody may delete a delivery by choice; it removes the oldest, none of the last 7 days',
  agos_event_head:
    'the head of the log lies past what an actor may see; it reads the transaction’s own tenant',
  agos_search_leads:
    'no index serves a search under a policy; it filters by tenant and actor of the transaction itself',
  agos_take_requests:
    'one statement counts requests of many tenants; it fills and tells their buckets and nothing else',
  agos_spent_by_all:
    'the cap of the installation is on all tenants together; it tells the sum of one day and nothing else',
};

/** Triggers that run with their owner's rights: event log and stays have no other writer, and nobody can call them. */
export const DEFINER_TRIGGERS = [
  'agos_events_of_agent_run',
  'agos_events_of_alert',
  'agos_events_of_approval',
  'agos_events_of_audit',
  'agos_events_of_batch',
  'agos_events_of_batch_item',
  'agos_events_of_lead',
  'agos_events_of_model_call',
  'agos_events_of_run',
  'agos_events_of_spend',
  'agos_keep_stay',
  'agos_events_of_webhook_endpoint',
];
