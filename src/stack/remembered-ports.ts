import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

type Ports = { grpc?: number; ui?: number };

/** The ports of the last start on this folder, so that links into the Web UI survive a restart. */
export async function recallPorts(dataDir: string): Promise<Ports> {
  try {
    const { grpc, ui } = JSON.parse(await readFile(portsFile(dataDir), 'utf8')) as Record<string, unknown>;
    return { ...(isPort(grpc) && { grpc }), ...(isPort(ui) && { ui }) };
  } catch {
    return {};
  }
}

/** Keeps the ports of this start for the next one. */
export async function rememberPorts(
  dataDir: string,
  ports: { grpc: number; ui: number | null },
): Promise<void> {
  await writeFile(portsFile(dataDir), `${JSON.stringify(ports)}\n`);
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

function portsFile(dataDir: string): string {
  return join(dataDir, 'temporal-ports.json');
}
