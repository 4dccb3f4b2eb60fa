import { isDeepStrictEqual } from 'node:util';
import type { TriageRoomInput } from '../../../workflows/triage/triage-room/messages.ts';
import { recordToolCall } from '../../agents/agent-runs/repository.ts';
import type { AssetStore, PutFile } from '../../assets/files/store.ts';
import type { StepGate, StepToRun } from '../../control/kill-switch/step-gate.ts';
import { systemScope } from '../../kernel/actor.ts';
import { AgosError } from '../../kernel/errors.ts';
import { SiteHoldError } from '../../kernel/holds.ts';
import { findLead } from '../../leads/leads/repository.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database, Tx } from '../../runtime/database/database.ts';
import type { SiteScanner } from '../../sites/scan/site-scanner.ts';
import {
  type AuditFacts,
  type AuditRow,
  changeAudit,
  factsOf,
  lockAudit,
  saveFacts,
} from '../audits/repository.ts';
import type { Playbook } from '../playbooks/schema.ts';
import { payForScan, type ScanCosts } from './paid-scan.ts';
import { playbookOf, requireAudit } from './score-audit.ts';

export type ScanDeps = {
  db: Database;
  clock: Clock;
  scanner: SiteScanner;
  assets: AssetStore;
  gate: StepGate;
} & ScanCosts;

/** One attempt at a step: when to stop, and the name under which it is paid for. */
export type ScanCall = { signal: AbortSignal; key: string };

/** Fetches the site over HTTP and stores what it found. */
export async function fetchSiteFacts(
  deps: ScanDeps,
  input: TriageRoomInput,
  { signal, key }: ScanCall,
): Promise<void> {
  const { audit, timeouts } = await readPlan(deps, input);
  const timeoutMs = timeouts.fetch_seconds * 1000;
  const facts = await asPaidTool(deps, input, { name: 'fetch_site', key, timeoutMs, signal }, (signal) =>
    deps.scanner.fetchSite({ url: audit.url, timeoutMs, signal }),
  );
  await store(deps, input, { audit, step: 'fetch' }, async (tx, at) => {
    await saveFacts(tx, at, 'fetch', facts);
    await changeAudit(tx, at, { finalUrl: facts.final_url });
  });
}

/** Opens the page at phone and desktop width; stores its facts and both screenshots. */
export async function inspectSite(
  deps: ScanDeps,
  input: TriageRoomInput,
  { signal, key }: ScanCall,
): Promise<void> {
  const { audit, timeouts } = await readPlan(deps, input);
  const { fetch } = factsOf(audit);
  if (!fetch) throw new Error(`audit ${audit.id} was not fetched`);
  const timeoutMs = timeouts.browser_seconds * 1000;
  const seen = await asPaidTool(deps, input, { name: 'inspect_page', key, timeoutMs, signal }, (signal) =>
    deps.scanner.inspectPage({ url: fetch.final_url, fetch, timeoutMs, signal }),
  );
  const put = ({ mime, jpeg }: typeof seen.phone) =>
    deps.assets.put({ tenant: input.tenant, mime, bytes: jpeg, signal });
  const files = { phone: await put(seen.phone), desktop: await put(seen.desktop) };
  await store(deps, input, { audit, step: 'page' }, async (tx, at) => {
    const phone = await recordScreenshot(deps, tx, input, 'phone', files.phone);
    const desktop = await recordScreenshot(deps, tx, input, 'desktop', files.desktop);
    await saveFacts(tx, at, 'page', seen.page);
    await changeAudit(tx, at, {
      phoneScreenshotId: phone,
      desktopScreenshotId: desktop,
      finalUrl: seen.page.final_url,
    });
  });
}

/** Asks the page's same-origin links once each and stores the answers. */
export async function checkSiteLinks(
  deps: ScanDeps,
  input: TriageRoomInput,
  { signal, key }: ScanCall,
): Promise<void> {
  const { audit, timeouts } = await readPlan(deps, input);
  const { page } = factsOf(audit);
  if (!page) throw new Error('the page was not inspected');
  const timeoutMs = timeouts.links_seconds * 1000;
  const links = [...new Set([...page.desktop.links, ...page.phone.links])];
  const checks = await asPaidTool(deps, input, { name: 'check_links', key, timeoutMs, signal }, (signal) =>
    deps.scanner.checkLinks({ pageUrl: page.final_url, links, timeoutMs, signal }),
  );
  await store(deps, input, { audit, step: 'links' }, (tx, at) => saveFacts(tx, at, 'links', checks));
}

/** Runs Lighthouse on the page; a page it cannot measure leaves its figures unknown and the rest stands. */
export async function measureSite(
  deps: ScanDeps,
  input: TriageRoomInput,
  { signal, key }: ScanCall,
): Promise<void> {
  const { audit, timeouts } = await readPlan(deps, input);
  const { page } = factsOf(audit);
  if (!page) throw new Error('the page was not inspected');
  const timeoutMs = timeouts.lighthouse_seconds * 1000;
  try {
    const figures = await asPaidTool(
      deps,
      input,
      { name: 'measure_page', key, timeoutMs, signal },
      (signal) => deps.scanner.measurePage({ url: page.final_url, timeoutMs, signal }),
    );
    await store(deps, input, { audit, step: 'lighthouse' }, (tx, at) =>
      saveFacts(tx, at, 'lighthouse', figures),
    );
  } catch (error) {
    if (!(error instanceof SiteHoldError) || error.hold.code === 'browser_crashed') throw error;
  }
}

/** The audit, and how long each step may take by the playbook version that the triage began with. */
async function readPlan(
  deps: ScanDeps,
  input: TriageRoomInput,
): Promise<{ audit: AuditRow; timeouts: Playbook['timeouts'] }> {
  return deps.db.withTenant(systemScope(input.tenant, input.principal_id), async (tx) => {
    const audit = await requireAudit(tx, input);
    return { audit, timeouts: (await playbookOf(tx, audit)).timeouts };
  });
}

/** The audit as it was when an attempt at a step began. */
type Begun = { audit: AuditRow; step: keyof AuditFacts };

/** Writes what an attempt found, unless it comes too late: it may have slept with its worker while another went on. */
async function store(
  deps: ScanDeps,
  input: TriageRoomInput,
  begun: Begun,
  write: (tx: Tx, audit: { tenant: string; id: string }) => Promise<void>,
): Promise<void> {
  const at = { tenant: input.tenant, id: input.audit_id };
  await deps.db.withTenant(systemScope(input.tenant, input.principal_id), async (tx) => {
    if (isStillOpen(begun, await lockAudit(tx, at))) await write(tx, at);
  });
}

/** Whether nobody has stored this step, scored the audit or ended it since. */
function isStillOpen({ audit: before, step }: Begun, audit: AuditRow | null): boolean {
  return (
    audit?.status === 'running' &&
    audit.score === before.score &&
    isDeepStrictEqual(factsOf(audit)[step], factsOf(before)[step])
  );
}

/** Runs one tool of the agent when the budget has room for it. */
function asPaidTool<T>(
  deps: ScanDeps,
  input: TriageRoomInput,
  tool: { name: string; key: string; timeoutMs: number; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return payForScan(deps, input, tool, () => asTool(deps, input, tool, work));
}

/** Runs one tool of the agent through the gate, and records the call with its duration, also when it fails. */
async function asTool<T>(
  deps: ScanDeps,
  input: TriageRoomInput,
  { name, signal }: { name: string; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const startedMs = deps.clock.now().getTime();
  return deps.gate.run(
    { ...stepOf(input), step: name },
    {
      signal,
      work,
      record: (tx, { outcome, error }) =>
        recordToolCall(tx, input.tenant, input.audit_id, {
          name,
          duration_ms: deps.clock.now().getTime() - startedMs,
          success: outcome === 'done',
          error: outcome === 'done' ? null : codeOf(error),
        }),
    },
  );
}

/** Whose step it is, as the gate wants to know it. */
export function stepOf(input: TriageRoomInput): Omit<StepToRun, 'step'> {
  return {
    tenant: input.tenant,
    principalId: input.principal_id,
    runId: input.run_id,
    leadId: input.lead_id,
  };
}

function codeOf(error: unknown): string {
  if (error instanceof SiteHoldError) return error.hold.code;
  return error instanceof AgosError ? error.code : 'failed';
}

async function recordScreenshot(
  deps: ScanDeps,
  tx: Tx,
  input: TriageRoomInput,
  viewport: 'phone' | 'desktop',
  file: PutFile,
): Promise<string> {
  const lead = input.lead_id ? await findLead(tx, input.tenant, input.lead_id) : null;
  const asset = await deps.assets.record(tx, file, {
    leadId: lead?.id ?? null,
    auditId: input.audit_id,
    kind: 'screenshot',
    filename: `${viewport}.jpg`,
    createdBy: input.principal_id,
  });
  return asset.id;
}
