import { readConfig } from '../runtime/config.ts';

/** The API's health check as a process of its own machine: exits 0 when `/healthz` answers, else 1. */
const { AGOS_PORT: port } = readConfig();
const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) }).catch(
  () => undefined,
);
process.exitCode = answer?.ok ? 0 : 1;
