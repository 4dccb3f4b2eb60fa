import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export type { Registry } from 'prom-client';

/** Bounds of everything that people or programs wait for: 5 ms to 30 s. */
export const WAIT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Bounds of work that may take minutes. */
export const WORK_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** The metrics of one process, with those of Node and of the build in it. */
export function createRegistry(process: 'api' | 'worker'): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'agos_build_info',
    help: 'Always 1; its labels tell which build runs.',
    labelNames: ['process', 'version', 'node'],
    registers: [registry],
  }).set({ process, version: versionOfBuild(), node: globalThis.process.versions.node }, 1);
  return registry;
}

function versionOfBuild(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
