import type { TenantScope } from '../kernel/actor.ts';
import type { Tx } from '../runtime/database/database.ts';

/** What a business verb gets: its transaction, who acts in which tenant, and where the request came from. */
export type RequestContext = {
  tx: Tx;
  scope: TenantScope;
  requestId: string | null;
  /** Network address of the caller, for the audit log. */
  address: string | null;
  /** What the caller's program calls itself, for the audit log; absent where no request stands behind the work. */
  userAgent?: string | null;
};
