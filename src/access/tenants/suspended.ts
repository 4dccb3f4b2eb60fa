import { AgosError } from '../../kernel/errors.ts';
import type { TenantStatus } from './rules.ts';

/** The refusal of work for a tenant that is not active. */
export function suspendedError(status: Exclude<TenantStatus, 'active'>): AgosError {
  return new AgosError('tenant_suspended', `This tenant is ${status}: nothing can be started.`);
}
