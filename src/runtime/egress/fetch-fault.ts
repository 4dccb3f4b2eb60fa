/** One redirect that was followed or refused on the way. */
export type FetchHop = { url: string; status: number; location: string | null };

export type FetchFaultCode =
  | 'unreachable'
  | 'target_forbidden'
  | 'redirect_forbidden'
  | 'too_many_redirects'
  | 'timeout'
  | 'too_large';

/** A fetch that ended without an answer that can be used; the message is a sentence for people. */
export class FetchFault extends Error {
  readonly code: FetchFaultCode;
  readonly hops: FetchHop[];
  /** The name does not exist, as opposed to a host that does not answer. */
  readonly noSuchHost: boolean;

  constructor(
    code: FetchFaultCode,
    message: string,
    details: { hops?: FetchHop[]; noSuchHost?: boolean } = {},
  ) {
    super(message);
    this.name = 'FetchFault';
    this.code = code;
    this.hops = details.hops ?? [];
    this.noSuchHost = details.noSuchHost ?? false;
  }
}
