import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { endLeftover } from '../leftover.ts';
import { takeLock } from '../lock.ts';
import { type OwnedProcess, spawnOwned, tailOf } from '../owned.ts';
import { freePort } from '../ports.ts';
import { elapsed, type Progress, silentProgress } from '../progress.ts';
import { type SearchAttributes, untilServing } from './health.ts';

export type StartTemporalOptions = {
  binary: string;
  /** Folder of the state file and the log. */
  dataDir: string;
  /** Forget everything at the end: no state file, only the log. */
  inMemory?: boolean;
  ports?: { grpc?: number; ui?: number };
  /** False starts no Web UI. */
  ui?: boolean;
  uiCodecEndpoint?: string;
  searchAttributes?: SearchAttributes;
  /** For the progress line: which server this is. */
  version?: string;
  progress?: Progress;
};

export type RunningTemporal = {
  address: string;
  ports: { grpc: number; ui: number | null };
  uiUrl: string | null;
  pid: number;
  exited: Promise<string>;
  stop(): Promise<void>;
};

/** Without these a busy tenant makes the others wait: the server's fairness is off, and partitions blur it. */
const FAIRNESS_SETTINGS = [
  'matching.enableFairness=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
];

/** Starts Temporal's development server on loopback and waits until it serves; it cannot outlive us. */
export async function startTemporalServer(options: StartTemporalOptions): Promise<RunningTemporal> {
  const { dataDir, progress = silentProgress } = options;
  const startedAt = Date.now();
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(join(dataDir, 'temporal'));
  try {
    await endCrashedServer(dataDir);
    const { child, ports } = await launch(options);
    progress.line(`Temporal ${options.version ?? 'development server'} ready in ${elapsed(startedAt)}`);
    const stop = async (): Promise<void> => {
      await child.stop();
      await rm(pidFile(dataDir), { force: true });
      await lock.release();
    };
    return {
      address: `127.0.0.1:${ports.grpc}`,
      ports,
      uiUrl: ports.ui ? `http://127.0.0.1:${ports.ui}` : null,
      pid: child.pid,
      exited: child.exited,
      stop,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

type Launched = { child: OwnedProcess; ports: { grpc: number; ui: number | null } };

async function launch(options: StartTemporalOptions): Promise<Launched> {
  const { dataDir, ui = true } = options;
  const logFile = join(dataDir, 'temporal.log');
  for (let attempt = 1; ; attempt += 1) {
    const preferred = attempt === 1 ? options.ports : undefined;
    const grpc = await freePort(preferred?.grpc);
    const ports = { grpc, ui: ui ? await freePort(preferred?.ui) : null };
    const child = spawnOwned(options.binary, serverArguments(options, ports), {
      logFile,
      cwd: dirname(logFile),
      env: { HOME: dataDir },
      stopTimeoutMs: 5_000,
    });
    await writeFile(pidFile(dataDir), `${child.pid}\n`);
    const failure = await untilServing(`127.0.0.1:${grpc}`, options.searchAttributes ?? {}, child);
    if (failure === undefined) return { child, ports };
    await child.stop();
    const reason = tailOf(logFile);
    if (!/address already in use/i.test(reason) || attempt === 3) {
      throw new Error(
        `The Temporal server did not start (${failure}); the end of ${logFile} says:\n${reason}`,
      );
    }
  }
}

function serverArguments(options: StartTemporalOptions, ports: Launched['ports']): string[] {
  const attributes = Object.entries(options.searchAttributes ?? {});
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(ports.grpc)],
    ...['--log-level', 'error', '--color', 'never'],
    ...(ports.ui ? ['--ui-port', String(ports.ui)] : ['--headless']),
    ...(options.inMemory ? [] : ['--db-filename', stateFile(options.dataDir)]),
    ...(ports.ui && options.uiCodecEndpoint ? ['--ui-codec-endpoint', options.uiCodecEndpoint] : []),
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...FAIRNESS_SETTINGS.flatMap((setting) => ['--dynamic-config-value', setting]),
  ];
}

/** Two servers on one state file would corrupt it, and a server may outlive us where there is no setpriv. */
async function endCrashedServer(dataDir: string): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile(dataDir), 'utf8').catch(() => ''), 10);
  if (Number.isInteger(pid)) await endLeftover(pid, stateFile(dataDir), 'SIGTERM');
}

function stateFile(dataDir: string): string {
  return join(dataDir, 'temporal.db');
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'temporal.pid');
}
