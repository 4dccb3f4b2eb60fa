import type { Arrival } from '../../access/identity/identity.ts';
import type { ByteBudget } from '../../runtime/byte-budget.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Database } from '../../runtime/database/database.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ClientAddress } from './client-address.ts';
import type { RateLimits, Standing } from './rate-limits.ts';

/** What the kit needs to carry out any route. */
export type KitDeps = {
  db: Database;
  clock: Clock;
  logger: Logger;
  /** Seals cursors; the same in every process of the API. */
  signingSecret: string;
  /** Says who sent a request; throws `token_missing`, `token_invalid` or `permission_denied`. */
  authenticate(
    request: Request,
    origin: Pick<Incoming, 'requestId' | 'address' | 'userAgent'>,
  ): Promise<Arrival>;
  /** Says how many requests their sender has left. */
  rateLimits: RateLimits;
  clientAddress: ClientAddress;
  /** Bounds what large bodies hold of this process's memory. */
  byteBudget: ByteBudget;
  /** Fails a route that answers otherwise than it declares: on in tests, so that the document stays true. */
  checkContract?: boolean;
};

/** One request at its route, before anything is known of its sender. */
export type Incoming = {
  request: Request;
  params: Record<string, string>;
  requestId: string;
  address: string | null;
  userAgent: string | null;
  /** Is told how the sender stands, for the headers of whatever is answered. */
  counted(standing: Standing): void;
};
