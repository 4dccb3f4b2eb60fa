import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchContext, Benchmark } from '../harness/benchmark.ts';
import { importWhole } from '../harness/imports.ts';
import { metered, type Usage } from '../harness/meter.ts';
import { figure } from '../harness/paired-section.ts';
import { serveBenchSites } from '../harness/sites.ts';
import { writeSmallSites } from '../harness/small-sites.ts';
import { type BenchStack, startBenchStack } from '../harness/stack.ts';
import { type Leftovers, leftoversOf, openContexts } from './leftovers.ts';

/** What a site costs, and what stays behind, as sites grow on one machine. */
export const growth: Benchmark = {
  title: 'Cost per site as sites grow',
  needsPeers: false,
  kind: 'table',
  measure,
};

/** From one stage to the next the worker goes on as it is. */
type Stage = {
  sites: number;
  added: number;
  usage: Usage;
  mostContexts: number;
  after: Leftovers;
  held: number;
};

const MOST_GROWTH = 1.25;

async function measure(context: BenchContext) {
  // Chromium's user has to reach it, and nobody else writes there, so that whatever stays is the worker's.
  const temporaryDir = mkdtempSync(join(tmpdir(), 'agos-bench-tmp-'));
  chmodSync(temporaryDir, 0o711);
  const folders = writeSmallSites(join(context.dataDir, 'sites'), context.options.sites);
  const sites = await serveBenchSites(context, folders);
  const stack = await startBenchStack(context, {
    extra: { ...sites.environment, TMPDIR: temporaryDir },
  });
  try {
    const stages: Stage[] = [];
    for (const { from, to } of stagesOf(sites.urls.length)) {
      const stage = await runStage(context, stack, { urls: sites.urls.slice(from, to), temporaryDir });
      stages.push({ ...stage, sites: to });
      context.progress.line(`${to} sites: ${JSON.stringify(stage)}`);
    }
    return { markdown: toMarkdown(stages), raw: { stages }, versions: stack.versions };
  } finally {
    await stack.close();
    await sites.close();
    rmSync(temporaryDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** 10, 100 and all sites, as far as there are so many. */
function stagesOf(count: number): { from: number; to: number }[] {
  const ends = [...new Set([10, 100, count].filter((end) => end <= count))].sort((a, b) => a - b);
  return ends.map((to, index) => ({ from: ends[index - 1] ?? 0, to }));
}

async function runStage(
  context: BenchContext,
  stack: BenchStack,
  { urls, temporaryDir }: { urls: string[]; temporaryDir: string },
): Promise<Omit<Stage, 'sites'>> {
  const { client } = await stack.newTenant('growth');
  let mostContexts = 0;
  const watch = setInterval(() => {
    openContexts(temporaryDir).then((open) => {
      mostContexts = Math.max(mostContexts, open);
    }, context.progress.line);
  }, 1_000);
  const work = () =>
    importWhole(client, ['url', ...urls].join('\n'), {
      triage: true,
      pollMs: 1_000,
      signal: context.signal,
      onProgress: ({ counts }) =>
        context.progress.working(`growth: ${counts.processed} of ${urls.length} sites`),
    });
  const { result, usage } = await metered(() => [stack.worker], work).finally(() => clearInterval(watch));
  const after = await leftoversOf(stack.worker, temporaryDir);
  return { added: urls.length, usage, mostContexts, after, held: result.counts.error };
}

function toMarkdown(stages: readonly Stage[]): string {
  const rows = stages.map(({ sites, added, usage, mostContexts, after, held }) => {
    const cells = [
      sites,
      (added * 3_600) / usage.wall_s,
      usage.cpu_s / added,
      usage.peak_mb,
      after.workerMb,
      after.treeMb,
      mostContexts,
      after.contexts,
      after.openFiles,
      after.temporary,
      held,
    ];
    return `| ${cells.map(figure).join(' | ')} |`;
  });
  return [
    'Small sites under names of their own, imported as files of leads and scanned whole, Lighthouse included, by one worker that is never restarted. Each row is the stage since the row above. CPU seconds and memory are those of the worker and the browser below it; what stays is looked at when every lead has its result. The browser is replaced after 50 sites.',
    [
      '| sites so far | sites/h | CPU s per site | peak MB | worker MB after | with browser MB after | contexts open at most | contexts after | open files after | temporary entries after | held leads |',
      '|---|---|---|---|---|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
    verdictOf(stages),
  ].join('\n\n');
}

/** Flat, and nothing left: in plain words. */
function verdictOf(stages: readonly Stage[]): string {
  const [before, last] = [stages.at(-2), stages.at(-1)];
  if (!before || !last) return 'Too few sites to say how the cost grows.';
  const memory = last.after.workerMb / before.after.workerMb;
  const cpu = last.usage.cpu_s / last.added / (before.usage.cpu_s / before.added);
  const words = (ratio: number) => (ratio <= MOST_GROWTH ? '**met**' : '**missed**');
  const leaks = last.mostContexts > before.mostContexts || last.after.temporary > before.after.temporary;
  return [
    `From ${before.sites} to ${last.sites} sites the worker's memory at rest is ${memory.toFixed(2)} times as large (target: at most ${MOST_GROWTH}, ${words(memory)}) and a site costs ${cpu.toFixed(2)} times the CPU time (at most ${MOST_GROWTH}, ${words(cpu)}).`,
    `No more contexts open at once than before (${before.mostContexts}), and no more temporary entries: ${leaks ? '**missed**' : '**met**'}.`,
  ].join(' ');
}
