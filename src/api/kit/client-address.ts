import { type AddressRange, isWithin, readAddress } from '../../runtime/addresses.ts';

/** Says from where a request came: the socket's address, or what our own proxies say of it. */
export type ClientAddress = (socket: string | undefined, forwarded: string | undefined) => string | null;

/**
 * Each proxy adds on the right whom it heard from, so `X-Forwarded-For` is read from there, for as long as
 * the one who says it is trusted. Whatever a stranger wrote stands further left and counts for nothing.
 */
export function createClientAddress(trusted: readonly AddressRange[]): ClientAddress {
  return (socket, forwarded) => {
    const said = forwarded?.split(',') ?? [];
    let client = readAddress(socket ?? '');
    while (client && isWithin(client, trusted)) {
      const next = readAddress(said.pop() ?? '');
      if (!next) break;
      client = next;
    }
    return client?.toString() ?? null;
  };
}
