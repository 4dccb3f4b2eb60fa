import { createHash, randomBytes } from 'node:crypto';
import { newId } from '../../src/runtime/ids.ts';
import type { TestDatabase } from './database.ts';

/** Whose row: the tenant, who made it, and to whom it is assigned. */
export type Owner = { tenant: string; createdBy: string; assignedTo?: string | null };

/** A lead as an import or a person would have made it. */
export async function insertLead(
  { admin }: TestDatabase,
  owner: Owner,
  columns: Record<string, string | number | null> = {},
): Promise<string> {
  const id = newId();
  const domain = `${randomBytes(6).toString('hex')}.example`;
  const row = { url: `https://${domain}/`, domain, source: 'api', ...columns };
  await admin`insert into leads ${admin({
    tenant_id: owner.tenant,
    id,
    created_by: owner.createdBy,
    assigned_to: owner.assignedTo ?? null,
    ...row,
  })}`;
  return id;
}

/** A run that nobody has started, of a lead when one is given. */
export async function insertRun(
  { admin }: TestDatabase,
  owner: Owner,
  about: { leadId?: string | null; status?: string } = {},
): Promise<string> {
  const id = newId();
  const audit = newId();
  const lead = about.leadId ?? null;
  const input = {
    version: 1,
    tenant: owner.tenant,
    run_id: id,
    principal_id: owner.createdBy,
    lead_id: lead,
    audit_id: audit,
  };
  await admin`insert into runs ${admin({
    tenant_id: owner.tenant,
    id,
    kind: 'triage-room',
    workflow_id: `triage:${owner.tenant}:${lead ?? id}`,
    input: admin.json(input) as never,
    lead_id: lead,
    subject_id: audit,
    status: about.status ?? 'requested',
    created_by: owner.createdBy,
  })}`;
  return id;
}

/** A request to a webhook endpoint, with endpoint and delivery: begun so long ago, and on its way since. */
export async function insertWebhookAttempt(
  { admin }: TestDatabase,
  owner: Owner,
  { agoMs = 0 }: { agoMs?: number } = {},
): Promise<string> {
  const [endpoint, delivery] = [newId(), newId()];
  await admin`insert into webhook_endpoints (tenant_id, id, url, cursor_seq, created_by)
    values (${owner.tenant}, ${endpoint}, 'https://receiver.example/', 0, ${owner.createdBy})`;
  await admin`insert into webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, event_at)
    values (${owner.tenant}, ${delivery}, ${endpoint}, ${newId()}, 'webhook.test', now())`;
  await admin`insert into webhook_attempts (tenant_id, id, delivery_id, started_at)
    values (${owner.tenant}, ${newId()}, ${delivery}, clock_timestamp() - ${agoMs} * interval '1 millisecond')`;
  return delivery;
}

/** The row of a stored file, without the file. */
export async function insertAsset(
  { admin }: TestDatabase,
  owner: Owner,
  about: { leadId?: string | null; kind?: string } = {},
): Promise<string> {
  const id = newId();
  await admin`insert into assets ${admin({
    tenant_id: owner.tenant,
    id,
    lead_id: about.leadId ?? null,
    kind: about.kind ?? 'report_html',
    filename: `${id}.html`,
    digest: createHash('sha256').update(id).digest('hex'),
    mime: 'text/html',
    size_bytes: 7,
    storage_provider: 'folder',
    storage_path: `${owner.tenant}/${id.slice(-2)}/${id}`,
    created_by: owner.createdBy,
  })}`;
  return id;
}

/** An audit that has ended, with a report. */
export async function insertAudit(
  database: TestDatabase,
  owner: Owner,
  about: { leadId?: string | null } = {},
): Promise<string> {
  const id = newId();
  const leadId = about.leadId ?? null;
  const report = await insertAsset(database, owner, { leadId });
  await database.admin`insert into audits ${database.admin({
    tenant_id: owner.tenant,
    id,
    lead_id: leadId,
    run_id: newId(),
    url: 'https://audited.example/',
    status: 'completed',
    playbook_slug: 'triage-standard',
    playbook_version: '1.0.0',
    agent_slug: 'triage',
    agent_version: '1.0.0',
    report_asset_id: report,
    created_by: owner.createdBy,
  })}`;
  if (leadId) await database.admin`update leads set latest_audit_id = ${id} where id = ${leadId}`;
  return id;
}

/** An agent run that has ended, with one tool and one answer of the offline method. */
export async function insertAgentRun(
  { admin }: TestDatabase,
  owner: Owner,
  columns: Record<string, string | null> = {},
): Promise<string> {
  const id = newId();
  const row = { tenant_id: owner.tenant, created_by: owner.createdBy };
  const tool = { name: 'fetch', duration_ms: 120, success: true, error: null };
  await admin`insert into agent_runs ${admin({
    ...row,
    id,
    agent_slug: 'triage',
    agent_version: '1.0.0',
    room: 'triage',
    trigger: 'api',
    run_id: newId(),
    input: admin.json({ url: 'https://audited.example/' }) as never,
    output: admin.json({ score: 40 }) as never,
    status: 'completed',
    tools_called: admin.json([tool]) as never,
    ...columns,
  })}`;
  await admin`insert into model_calls ${admin({
    ...row,
    id: newId(),
    agent_run_id: id,
    lead_id: columns.lead_id ?? null,
    skill: 'triage-summary',
    generated_by: 'offline',
    request: admin.json({ skill: 'triage-summary' }) as never,
    response: admin.json({ summary: 'It is slow.' }) as never,
    duration_ms: 1,
  })}`;
  return id;
}

/** A batch that has not begun. */
export async function insertBatch(database: TestDatabase, owner: Owner): Promise<string> {
  const id = newId();
  const file = await insertAsset(database, owner, { kind: 'import_file' });
  await database.admin`insert into lead_batches ${database.admin({
    tenant_id: owner.tenant,
    id,
    name: 'leads.csv',
    format: 'csv',
    file_asset_id: file,
    options: database.admin.json({ triage: false }) as never,
    created_by: owner.createdBy,
  })}`;
  return id;
}

/** A time at which the tenant's work was stopped, over or not. */
export async function insertKillSwitch(
  { admin }: TestDatabase,
  owner: Owner,
  about: { over?: boolean } = {},
): Promise<string> {
  const id = newId();
  const off = about.over ? { turned_off_at: new Date(), turned_off_by: owner.createdBy } : {};
  const row = { tenant_id: owner.tenant, id, reason: 'a test', turned_on_by: owner.createdBy, ...off };
  await admin`insert into kill_switches ${admin(row)}`;
  return id;
}

/** A webhook endpoint that hears of everything from the beginning. */
export async function insertWebhookEndpoint(
  { admin }: TestDatabase,
  owner: Owner,
  url = 'https://hooks.example/agos',
): Promise<string> {
  const id = newId();
  const ours = { tenant_id: owner.tenant, id };
  await admin`insert into webhook_endpoints ${admin({ ...ours, url, cursor_seq: 0, created_by: owner.createdBy })}`;
  const secret = { ...ours, endpoint_id: id, sealed: 'sealed elsewhere' };
  await admin`insert into webhook_secrets ${admin({ ...secret, id: newId() })}`;
  return id;
}

/** A delivery that has failed, with one attempt. */
export async function insertWebhookDelivery(
  { admin }: TestDatabase,
  owner: Owner,
  endpoint: string,
): Promise<string> {
  const id = newId();
  const event = { event_id: newId(), event_type: 'webhook.test', event_at: new Date() };
  const row = { tenant_id: owner.tenant, id, endpoint_id: endpoint, status: 'failed', error: 'http_status' };
  await admin`insert into webhook_deliveries ${admin({ ...row, ...event })}`;
  await admin`insert into webhook_attempts ${admin({ tenant_id: owner.tenant, id: newId(), delivery_id: id })}`;
  return id;
}

/** An alert that nobody has taken up. */
export async function insertAlert(
  { admin }: TestDatabase,
  owner: Owner,
  columns: Record<string, string> = {},
): Promise<string> {
  const id = newId();
  const now = new Date();
  const about = {
    kind: 'leads_held',
    subject: `code-${id.slice(-6)}`,
    severity: 'warning',
    summary: 'A test.',
  };
  const row = { tenant_id: owner.tenant, id, ...about, count: 1, first_seen_at: now, last_seen_at: now };
  await admin`insert into alerts ${admin({ ...row, ...columns })}`;
  return id;
}

/** A connection to an identity provider that nobody serves. */
export async function insertSsoConnection({ admin }: TestDatabase, owner: Owner): Promise<string> {
  const id = newId();
  await admin`insert into sso_connections ${admin({
    tenant_id: owner.tenant,
    id,
    name: 'Login',
    issuer: `https://${id}.example`,
    audience: 'agos',
    enabled: true,
    rules: admin.json([]) as never,
    default_role: 'viewer',
    may_grant_owner: false,
    created_by: owner.createdBy,
  })}`;
  return id;
}
