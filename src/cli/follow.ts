import { setTimeout as sleep } from 'node:timers/promises';
import type { RunView } from '../journal/runs/schemas.ts';
import type { LeadView } from '../leads/leads/schemas.ts';
import type { AuditView } from '../triage/audits/schemas.ts';
import { type ApiClient, ApiError } from './client.ts';
import { leadLine, refusedLine, type TriageLine } from './triage-line.ts';

const POLL_MS = 400;

/** One URL on its way: refused at once, or with a lead and the run that works on it. */
export type Asked =
  | { url: string; refused: ApiError }
  | { url: string; refused: null; leadId: string; runId: string };

/** Asks for the triage of a URL; a live lead of the same domain is used again. */
export async function askTriage(client: ApiClient, url: string): Promise<Asked> {
  try {
    const { body } = await client.post<{ lead: LeadView; run: RunView }>('/v1/leads', { url, triage: true });
    return { url, refused: null, leadId: body.lead.id, runId: body.run.id };
  } catch (error) {
    const refused = refusalOf(error);
    const leadId = refused.code === 'lead_exists' ? refused.details.lead_id : null;
    if (typeof leadId !== 'string') return { url, refused };
    return askAgain(client, url, leadId);
  }
}

async function askAgain(client: ApiClient, url: string, leadId: string): Promise<Asked> {
  try {
    const { body } = await client.post<RunView>(`/v1/leads/${leadId}/triage`);
    return { url, refused: null, leadId, runId: body.id };
  } catch (error) {
    return { url, refused: refusalOf(error) };
  }
}

/** What the API has against this one URL; servers that are away and a key that is not valid end the command. */
function refusalOf(error: unknown): ApiError {
  if (!(error instanceof ApiError) || error.unreachable || error.status === 401) throw error;
  return error;
}

/** Waits until the run has ended or its lead waits for a person. */
export async function untilSettled(client: ApiClient, asked: Asked): Promise<void> {
  if (asked.refused) return;
  for (;;) {
    const run = await client.get<RunView>(`/v1/runs/${asked.runId}`);
    if (run.ended_at !== null) return;
    const lead = await client.get<LeadView>(`/v1/leads/${asked.leadId}`);
    if (lead.awaiting !== null) return;
    await sleep(POLL_MS);
  }
}

/** The line of a URL as things stand now. */
export async function currentLine(client: ApiClient, asked: Asked): Promise<TriageLine> {
  if (asked.refused) return refusedLine(asked.url, asked.refused);
  const lead = await client.get<LeadView>(`/v1/leads/${asked.leadId}`);
  const audit = lead.latest_audit_id
    ? await client.get<AuditView>(`/v1/audits/${lead.latest_audit_id}`)
    : null;
  return leadLine(asked.url, lead, audit);
}
