import type { LeadView } from '../../src/leads/leads/schemas.ts';
import type { BenchContext, Benchmark } from '../harness/benchmark.ts';
import { figure } from '../harness/paired-section.ts';
import { exampleFolders, serveBenchSites } from '../harness/sites.ts';
import { type BenchStack, startBenchStack } from '../harness/stack.ts';
import { median } from '../harness/statistics.ts';
import { followLead } from './follow-lead.ts';
import { type Part, partsOf } from './parts.ts';

/** How long one URL takes on a stack that does nothing else, and where the time goes. */
export const leadTime: Benchmark = {
  title: 'Lead time of one URL on an idle stack',
  needsPeers: false,
  kind: 'table',
  measure,
};

const SITE = 'hartleys-plumbing';
const RUNS = 9;

async function measure(context: BenchContext) {
  const sites = await serveBenchSites(
    context,
    exampleFolders().filter((folder) => folder.endsWith(SITE)),
  );
  const stack = await startBenchStack(context, { extra: sites.environment });
  try {
    const [url = ''] = sites.urls;
    const runs: Part[][] = [];
    for (let run = 0; run <= (context.quick ? 1 : RUNS); run += 1) {
      context.signal.throwIfAborted();
      context.progress.working(`lead time: run ${run}`);
      runs.push(await once(stack, url));
    }
    const [cold = [], ...warm] = runs;
    return { markdown: toMarkdown(cold, warm), raw: { runs }, versions: stack.versions };
  } finally {
    await stack.close();
    await sites.close();
  }
}

/** One new lead of a new tenant, from the request until the event of its result has arrived. */
async function once(stack: BenchStack, url: string): Promise<Part[]> {
  const tenant = await stack.newTenant('lead time');
  const stream = await followLead(tenant.client);
  const sentMs = Date.now();
  const { body } = await tenant.client.post<{ lead: LeadView }>('/v1/leads', { url, triage: true });
  const answeredMs = Date.now();
  const settled = await stream.settled;
  return partsOf(stack, { tenant: tenant.id, leadId: body.lead.id, sentMs, answeredMs, ...settled });
}

function toMarkdown(cold: Part[], warm: Part[][]): string {
  const rows = cold.map((part, index) => {
    const of = (pick: (one: Part) => number) => figure(median(warm.map((run) => pick(run[index] ?? part))));
    return `| ${part.name} | ${of((one) => one.beginsMs)} | ${of((one) => one.waitsMs)} | ${of((one) => one.takesMs)} | ${figure(part.takesMs)} |`;
  });
  return [
    `One new lead of a new tenant, the example site ${SITE}, from sending \`POST /v1/leads\` until the event of its result has arrived over Server-Sent Events; without a model. Medians of ${warm.length} runs after a first one, which starts the browser and is shown apart.`,
    [
      '| part | begins after ms | waited for a worker ms | takes ms | first run: takes ms |',
      '|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
    'Waiting is the time from the moment a step was asked for until a worker began it. Links are asked while Lighthouse waits or measures. Times between the steps are the decisions of the workflow.',
  ].join('\n\n');
}
