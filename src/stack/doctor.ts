import { type Environment, userCacheDir } from './cache.ts';
import { findChromium } from './chromium/find.ts';
import { locatePostgresPackage } from './postgres/binaries.ts';
import { examinePostgres } from './postgres/examine.ts';
import { findPostgres } from './postgres/find.ts';
import type { Progress } from './progress.ts';
import { readRunningStack, withStack } from './running.ts';
import { examineTemporal } from './temporal/examine.ts';
import { findTemporalServer, type TemporalServer } from './temporal/find.ts';
import type { NamespaceSetup } from './temporal/namespace-setup.ts';

/** One part of the machine as `agos doctor` prints it. */
export type DoctorFact = {
  part: 'Node' | 'Temporal' | 'PostgreSQL' | 'Chromium';
  ok: boolean;
  version: string | null;
  /** Which of the ways it was found by, such as `PATH` or `DATABASE_URL`. */
  source: string | null;
  where: string | null;
  /** What it lacks, one sentence each; or, when not found, what to do. */
  notes: string[];
};

export type DoctorOptions = {
  environment: Environment;
  dataDir: string;
  progress: Progress;
  namespaceSetup: NamespaceSetup;
  /** True tries whether a Temporal service is fair, with 81 to 243 short workflows in its namespace. */
  tryFairness?: boolean;
};

/** Looks at everything the stack would use, and changes nothing: no fetch, no install, no start. */
export async function examineMachine(options: DoctorOptions): Promise<DoctorFact[]> {
  const stack = await readRunningStack(options.dataDir);
  const environment = stack ? withStack(options.environment, stack.variables) : options.environment;
  const seen = { ...options, environment };
  return [
    nodeFact(),
    await guarded('Temporal', () => temporalFact(seen, stack?.variables.TEMPORAL_ADDRESS !== undefined)),
    await guarded('PostgreSQL', () => postgresFact(seen, stack !== undefined)),
    await guarded('Chromium', () => chromiumFact(seen, options.environment)),
  ];
}

async function guarded(part: DoctorFact['part'], look: () => Promise<DoctorFact>): Promise<DoctorFact> {
  try {
    return await look();
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error);
    return { part, ok: false, version: null, source: null, where: null, notes: [sentence] };
  }
}

function nodeFact(): DoctorFact {
  const version = process.versions.node;
  const ok = Number.parseInt(version, 10) >= 24;
  const source = process.execPath.includes('node_modules') ? 'npm package' : 'system';
  const notes = ok ? [] : ['AgOS needs Node 24: run "npm ci" without --omit=optional.'];
  return { part: 'Node', ok, version, source, where: process.execPath, notes };
}

async function temporalFact(options: DoctorOptions, isOurs: boolean): Promise<DoctorFact> {
  const { environment, progress } = options;
  const cacheDir = userCacheDir(environment);
  const found = await findTemporalServer({ environment, cacheDir, progress, allowInstall: false });
  if (found.kind === 'external') return await examineServer(found, options, isOurs);
  const notes = ['Not running: "agos up" starts it with the search attributes and with fairness.'];
  return {
    part: 'Temporal',
    ok: true,
    version: found.version,
    source: found.source,
    where: found.path,
    notes,
  };
}

async function examineServer(
  found: Extract<TemporalServer, { kind: 'external' }>,
  { namespaceSetup: setup, tryFairness = false }: DoctorOptions,
  isOurs: boolean,
): Promise<DoctorFact> {
  const { connectionOptions, namespace, address } = found;
  const facts = await examineTemporal(connectionOptions, namespace, setup, { tryFairness });
  const notes: string[] = [];
  if (facts.missingSearchAttributes.length > 0) {
    notes.push(`Lacks search attributes. Run: ${setup.commandFor(namespace, facts.missingSearchAttributes)}`);
  }
  if (facts.fair === false) {
    notes.push('Lacks fairness, so a busy tenant delays the others: set matching.enableFairness to true.');
  }
  // No call tells; a server that we started has it by its settings.
  if (facts.fair === null && !isOurs) {
    notes.push(
      'Fairness was not tried: "agos doctor --try-fairness" does, with 81 to 243 short workflows there.',
    );
  }
  const source = isOurs ? 'the stack that runs' : 'TEMPORAL_ADDRESS';
  const ok = facts.missingSearchAttributes.length === 0;
  return { part: 'Temporal', ok, version: facts.version, source, where: `${address} (${namespace})`, notes };
}

async function postgresFact(options: DoctorOptions, isRunning: boolean): Promise<DoctorFact> {
  const found = findPostgres(options.environment);
  if (!found) {
    const { folder, version } = await locatePostgresPackage();
    const notes = ['Not running: "agos up" starts it.'];
    return { part: 'PostgreSQL', ok: true, version, source: 'npm package', where: folder, notes };
  }
  const { version, notes } = await examinePostgres(found);
  const source = isRunning ? 'the stack that runs' : 'DATABASE_URL';
  return {
    part: 'PostgreSQL',
    ok: notes.length === 0,
    version,
    source,
    where: new URL(found.url).host,
    notes,
  };
}

/** Looks past a running stack, which names the browser it has found by CHROMIUM_PATH. */
async function chromiumFact(options: DoctorOptions, environment: Environment): Promise<DoctorFact> {
  const { path, source, version } = await findChromium({
    environment,
    progress: options.progress,
    allowInstall: false,
  });
  const notes =
    environment.AGOS_CHROMIUM_SANDBOX === 'off'
      ? ['AGOS_CHROMIUM_SANDBOX=off: pages run without a sandbox, which is for development only.']
      : [];
  return { part: 'Chromium', ok: true, version, source, where: path, notes };
}
