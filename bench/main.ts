import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgress, elapsed, type Progress } from '../src/stack/progress.ts';
import { bareRoute } from './bare-route/benchmark.ts';
import { crawlee } from './crawlee/benchmark.ts';
import { growth } from './growth/benchmark.ts';
import { type Arguments, readArguments } from './harness/arguments.ts';
import {
  type BenchContext,
  type Benchmark,
  controlOf,
  type PairedBenchmark,
  type Section,
} from './harness/benchmark.ts';
import { keepRaw, readRaw, writeControl, writeSection } from './harness/document.ts';
import { controlWords, judgeLane, type LaneResult } from './harness/judge-lane.ts';
import { controlLine, pairedMarkdown } from './harness/paired-section.ts';
import { installPeers } from './harness/peers.ts';
import { runPairs } from './harness/run-pairs.ts';
import { leadTime } from './lead-time/benchmark.ts';
import { lighthouseCli } from './lighthouse-cli/benchmark.ts';
import { rawTemporal } from './raw-temporal/benchmark.ts';
import { slidingWindow } from './sliding-window/benchmark.ts';

/** `npm run bench -- NAME`: the numbers are those of the plan of benchmarks. */
const BENCHMARKS: Record<string, Benchmark> = {
  '1': lighthouseCli,
  '3': crawlee,
  '4': rawTemporal,
  '7': slidingWindow,
  '8': bareRoute,
  'lead-time': leadTime,
  growth,
};

const progress = createProgress();
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

try {
  const options = readArguments(process.argv.slice(2), Object.keys(BENCHMARKS));
  await measure(options, BENCHMARKS[options.name] as Benchmark, progress);
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  process.exitCode = 130;
}

async function measure(options: Arguments, benchmark: Benchmark, progress: Progress): Promise<void> {
  const startedMs = Date.now();
  if (benchmark.needsPeers) installPeers(progress);
  const dataDir = mkdtempSync(join(tmpdir(), 'agos-bench-'));
  const context: BenchContext = {
    quick: options.quick,
    dataDir,
    environment: process.env,
    progress,
    signal: interrupted.signal,
    options,
  };
  try {
    const { section, versions, control } = await measureKind(options, benchmark, context);
    const name = `${options.name}${options.control ? '-control' : ''}${options.quick ? '-quick' : ''}`;
    progress.line(`Everything that was seen: ${keepRaw(name, section.raw)}`);
    process.stdout.write(`\n${section.markdown}\n\n`);
    if (options.quick) progress.line('A quick run proves nothing and is not written down.');
    else if (control !== null) writeControl(options.name, control);
    else writeSection(options.name, section, versions);
    progress.line(`It took ${elapsed(startedMs)}`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureKind(
  options: Arguments,
  benchmark: Benchmark,
  context: BenchContext,
): Promise<{ section: Section; versions: Record<string, string>; control: string | null }> {
  const title = /^\d/.test(options.name) ? `${options.name}. ${benchmark.title}` : benchmark.title;
  if (benchmark.kind === 'table') {
    const { markdown, raw, versions } = await benchmark.measure(context);
    return { section: { title, markdown, raw }, versions, control: null };
  }
  const opened = await benchmark.open(context);
  try {
    const { lanes, pairs } = await measureLanes(opened, options, context);
    const before = readRaw<{ lanes: LaneResult[] }>(`${options.name}-control`);
    const seen = options.control ? lanes : before?.lanes;
    const control = controlLine(seen ? controlWords(seen) : null);
    const section = {
      title,
      markdown: pairedMarkdown(opened.conditions, lanes, control),
      raw: { lanes, pairs },
    };
    return { section, versions: opened.versions, control: options.control ? control : null };
  } finally {
    await opened.close();
  }
}

async function measureLanes(opened: PairedBenchmark, options: Arguments, context: BenchContext) {
  const lanes: LaneResult[] = [];
  const pairs: Record<string, unknown> = {};
  for (const lane of options.control ? opened.lanes.map(controlOf) : opened.lanes) {
    const sameWork = await lane.sameWork();
    context.progress.line(`${lane.id}: same work: ${sameWork}`);
    const seen = await runPairs(lane, { ...options, progress: context.progress, signal: context.signal });
    lanes.push(judgeLane(lane, seen, sameWork));
    pairs[lane.id] = seen;
  }
  return { lanes, pairs };
}
