import { isIP } from 'node:net';
import { canonicalHost } from './address.ts';

/** The address that one allowed name and port lead to. */
export type AllowedTarget = { address: string; family: 4 | 6 };

/** The development allow-list, by `host:port`. */
export type AllowList = ReadonlyMap<string, AllowedTarget>;

/** Parses `name:port=127.0.0.1,127.0.0.1:9000`; throws a sentence that names the malformed entry. */
export function parseAllowTargets(text: string | undefined): AllowList {
  const list = new Map<string, AllowedTarget>();
  for (const entry of (text ?? '').split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const { key, target } = parseEntry(entry);
    const known = list.get(key);
    if (known !== undefined && known.address !== target.address) {
      throw new Error(`AGOS_ALLOW_TARGETS: "${key}" is given twice, with different addresses`);
    }
    list.set(key, target);
  }
  return list;
}

/** The key of a host and port in the list. */
export function allowKey(host: string, port: number): string {
  return `${host}:${port}`;
}

function parseEntry(entry: string): { key: string; target: AllowedTarget } {
  const match = /^(\[[^\]]+\]|[^:=[\]]+):(\d{1,5})(?:=(.+))?$/.exec(entry);
  const host = match === null ? null : canonicalHost(match[1] ?? '');
  const port = Number(match?.[2]);
  if (match === null || host === null || host.includes('*'))
    throw malformed(entry, 'is not name:port=address');
  if (port < 1 || port > 65535) throw malformed(entry, 'has a port out of range');
  const address = (match[3] ?? host).replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  if (family === 0) throw malformed(entry, 'does not end in an IP address');
  if (isIP(host) !== 0 && match[3] !== undefined) throw malformed(entry, 'gives an address to an address');
  return { key: allowKey(host, port), target: { address, family: family === 4 ? 4 : 6 } };
}

function malformed(entry: string, why: string): Error {
  return new Error(`AGOS_ALLOW_TARGETS: "${entry}" ${why}; write for example shop.test:8443=127.0.0.1`);
}
