import { freePort } from '../../src/stack/ports.ts';

/** Ports of a Temporal server's roles: a container's network is its own, here they could meet another server's. */
export async function innerPorts(frontendPort: number): Promise<Record<string, string>> {
  const ports: Record<string, string> = { FRONTEND_GRPC_PORT: String(frontendPort) };
  for (const role of ['FRONTEND', 'MATCHING', 'HISTORY', 'WORKER']) {
    ports[`${role}_MEMBERSHIP_PORT`] = String(await smallFreePort());
    ports[role === 'FRONTEND' ? 'FRONTEND_HTTP_PORT' : `${role}_GRPC_PORT`] = String(await freePort());
  }
  return ports;
}

/** Temporal keeps its members' ports in a column of two signed bytes. */
async function smallFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await freePort(port)) === port) return port;
  }
}
