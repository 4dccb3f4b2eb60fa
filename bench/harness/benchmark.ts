import type { Environment } from '../../src/stack/cache.ts';
import type { Progress } from '../../src/stack/progress.ts';
import type { Surroundings, Usage } from './meter.ts';
import type { Target } from './statistics.ts';

/** What one run of one side came to; each side of a lane has the same keys. */
export type Figures = Record<string, number>;

/** One of the two programs that are compared. */
export type Side = {
  name: string;
  /** Processes that count, with everything below them. */
  roots(): readonly number[];
  /** What a run needs and nobody measures. */
  prepare?(): Promise<void>;
  run(): Promise<Figures>;
};

/** A figure, or what the meter adds: `cpu_s`, `wall_s`, `peak_mb`. Ratios are always ours by the peer's. */
export type Metric = {
  key: string;
  /** Another figure that it is divided by, where the sides do not do equally much. */
  per?: string;
  title: string;
  target?: Target;
};

/** A peer and ours on the same work. */
export type Lane = {
  id: string;
  title: string;
  peer: Side;
  ours: Side;
  metrics: readonly Metric[];
  /** Throws when the two do not come to the same; else says what was compared. Before any time is. */
  sameWork(): Promise<string>;
};

export type PairedBenchmark = {
  /** Sentences that a reader of the figures needs. */
  conditions: string[];
  versions: Record<string, string>;
  lanes: readonly Lane[];
  close(): Promise<void>;
};

export type BenchContext = {
  quick: boolean;
  /** Empty, and removed afterwards. */
  dataDir: string;
  environment: Environment;
  progress: Progress;
  /** Aborts when somebody interrupts. */
  signal: AbortSignal;
  /** How many sites the growth of cost goes up to. */
  options: { sites: number };
};

/** One side's run with what the meter adds. */
export type Measured = Figures & Usage;
export type Pair = {
  order: 'AB' | 'BA';
  peer: Measured;
  ours: Measured;
  around: Surroundings;
  dropped: 'first' | 'steal' | null;
};

/** Ours on both sides: whatever the pairs tell then is noise of the machine or of the harness. */
export const controlOf = (lane: Lane): Lane => ({
  ...lane,
  peer: lane.ours,
  sameWork: async () => 'the same program on both sides',
});

/** What a benchmark leaves: a section of the document, and everything it saw. */
export type Section = { title: string; markdown: string; raw: object };

/** One line of `npm run bench`. */
export type Benchmark = {
  title: string;
  /** Whether packages of `bench/package.json` are used. */
  needsPeers: boolean;
} & (
  | { kind: 'paired'; open(context: BenchContext): Promise<PairedBenchmark> }
  | {
      kind: 'table';
      measure(
        context: BenchContext,
      ): Promise<{ markdown: string; raw: object; versions: Record<string, string> }>;
    }
);
