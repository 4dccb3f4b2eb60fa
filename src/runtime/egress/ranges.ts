import ipaddr from 'ipaddr.js';

/** Azure answers its machines there, with what they are told at their start, though the address is a public one. */
const AZURE_PLATFORM = '168.63.129.16';

/**
 * Tells whether an address belongs to the public internet. Everything else is refused, also the
 * ranges that carry another address inside (v4-mapped, NAT64, 6to4, Teredo): they lead indoors.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.toString() === AZURE_PLATFORM) return false;
  return parsed instanceof ipaddr.IPv4 || isGlobalUnicast(parsed as ipaddr.IPv6);
}

/** The library calls `::127.0.0.1` unicast too; only 2000::/3 has ever been given out. */
function isGlobalUnicast(address: ipaddr.IPv6): boolean {
  return (address.parts[0] ?? 0) >> 13 === 1;
}
