import type { TenantRow } from '../../access/tenants/repository.ts';
import type { RequestContext } from '../../journal/request-context.ts';

/** Work that somebody asks for: what it is, and whose request counts. */
export type Work = { kind: 'triage'; principal: string };

/** What every check sees. */
export type Asked = Pick<RequestContext, 'tx' | 'scope'> & {
  tenant: TenantRow;
  /** The user that the work counts for: who asks for it, or who made the key that asks. */
  user: string;
  now: Date;
};

/** Throws a refusal of `ADMISSION_HOLD_CODES`, or lets the work pass. */
export type AdmissionCheck = (asked: Asked) => Promise<void> | void;
