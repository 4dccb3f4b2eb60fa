import type { Identity } from '../../access/identity/identity.ts';
import { AgosError } from '../../kernel/errors.ts';
import type { HandlerBase } from './route.ts';

/** Who asked, and how to ask again. */
export type Caller = Pick<HandlerBase, 'identity' | 'identify'>;

/** The caller as of now: the role may be another one, and the key, the membership or the tenant may be gone. */
export async function confirmed({ identity, identify }: Caller): Promise<Identity> {
  const now = await identify();
  if (now.tenant.id === identity.tenant.id && now.principal.id === identity.principal.id) return now;
  throw new AgosError('permission_denied', 'The caller has changed.');
}
