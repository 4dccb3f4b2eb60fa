import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import ipaddr from 'ipaddr.js';

const ATTEMPTS = 50;

/** Finds an address of 127.0.0.0/8 on which nothing listens at this port. */
export async function freeLoopbackAddress(port: number): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;
    if (await canListen(address, port)) return address;
  }
  throw new Error(`No loopback address has port ${port} free: end what listens on 0.0.0.0:${port}`);
}

/** Throws unless the address is a loopback address: example sites are never served to a network. */
export function assertLoopback(address: string): void {
  if (!ipaddr.isValid(address) || ipaddr.process(address).range() !== 'loopback') {
    throw new Error(`Example sites are served on loopback only, not on ${address}`);
  }
}

/** Builds the value of AGOS_ALLOW_TARGETS that leads each name of these sites to the address. */
export function allowTargets(
  sites: readonly { host: string; aliases: readonly string[] }[],
  address: string,
  port: number,
): string {
  const names = sites.flatMap((site) => [site.host, ...site.aliases]);
  return names.map((name) => `${name}:${port}=${address}`).join(',');
}

async function canListen(address: string, port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await once(probe.listen(port, address), 'listening');
  } catch {
    return false;
  }
  await new Promise((resolve) => probe.close(resolve));
  return true;
}
