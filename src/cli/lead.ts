import { Command } from 'commander';
import { usd } from '../control/spend/rules.ts';
import { durationInWords } from '../kernel/duration.ts';
import type { LeadView } from '../leads/leads/schemas.ts';
import type { AuditView } from '../triage/audits/schemas.ts';
import { connect } from './connect.ts';
import { EXIT } from './exit.ts';
import { stateOf } from './live.ts';
import { acting, print, printJson } from './output.ts';
import { plain, table } from './table.ts';

/** `agos lead ID`: one lead with its newest audit and the link to its report. */
export function leadCommand(): Command {
  return new Command('lead')
    .description('show one lead: state, score, what was found, and the link to its report')
    .argument('<id>', 'id of the lead')
    .option('--json', 'one JSON object')
    .action((id: string, options: { json?: boolean }) =>
      acting(options.json === true, async () => {
        const { client } = await connect();
        const path = `/v1/leads/${encodeURIComponent(id)}`;
        const lead = await client.get<LeadView>(path);
        const audit = lead.latest_audit_id
          ? await client.get<AuditView>(`/v1/audits/${lead.latest_audit_id}`)
          : null;
        const report = audit?.report_asset_id ? await client.location(`${path}/report`) : null;
        if (options.json) printJson({ ...lead, audit, report_url: report });
        else print(describe(lead, audit, report));
        return EXIT.ok;
      }),
    );
}

function describe(lead: LeadView, audit: AuditView | null, report: string | null): string {
  const facts: string[][] = [
    ['site', plain(audit?.final_url ?? lead.url)],
    ['company', plain(lead.company_name ?? '–')],
    ['state', stateOf(lead)],
    ['score', lead.score === null ? '–' : `${lead.score} of 100`],
  ];
  if (lead.reasons[0] !== undefined) facts.push(['why', plain(lead.reasons[0])]);
  if (lead.hold) facts.push(['held because', plain(lead.hold.message)]);
  if (lead.awaiting)
    facts.push(['decide until', `${lead.awaiting.until} with: npx agos decide ${lead.id} --as qualified`]);
  if (audit?.duration_ms) facts.push(['scan took', durationInWords(audit.duration_ms)]);
  if (audit)
    facts.push(['cost', `${usd(audit.cost_micro_usd)}, ${(audit.cpu_ms / 1_000).toFixed(1)} s of CPU time`]);
  if (audit?.summary) facts.push(['summary', `${plain(audit.summary.text)} (${audit.summary.generated_by})`]);
  const found = (audit?.signals ?? []).filter((signal) => signal.detected && signal.points > 0);
  const rows = found
    .sort((a, b) => b.points - a.points)
    .map((signal) => [String(signal.points), signal.code, plain(signal.evidence[0]?.text ?? '')]);
  const signals = rows.length > 0 ? `\n${table(['points', 'signal', 'what was found'], rows)}` : '';
  // Links stand outside the table: a wrapped one cannot be opened.
  const links = [report && `report    ${report}`, audit?.workflow_url && `workflow  ${audit.workflow_url}`];
  return [table(['lead', lead.id], facts) + signals, ...links.filter(Boolean)].join('\n');
}
