import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type AddressRange = { address: Address; bits: number };

/** An address in its usual spelling, or null; an IPv4 address in IPv6 clothes is the IPv4 address. */
export function readAddress(text: string): Address | null {
  const [bare = ''] = text.trim().split('%', 1);
  const isUsual = ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare);
  return isUsual ? ipaddr.process(bare) : null;
}

/** Parses addresses and ranges (`10.0.0.0/8`) separated by commas; throws a sentence when one is neither. */
export function parseRanges(text: string): AddressRange[] {
  return text.split(',').map((part) => {
    const [word = '', prefix] = part.trim().split('/', 2);
    const address = readAddress(word);
    const most = address?.kind() === 'ipv4' ? 32 : 128;
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (!address || bits < 0 || bits > most) throw new Error(`"${part.trim()}" is no address and no range`);
    return { address, bits };
  });
}

/** Whether an address lies in one of the ranges. */
export function isWithin(address: Address, ranges: readonly AddressRange[]): boolean {
  return ranges.some((range) => {
    if (range.address.kind() !== address.kind()) return false;
    return address.match(range.address as never, range.bits);
  });
}
