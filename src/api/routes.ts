import { identityRoutes } from '../access/identity/routes.ts';
import type { Route } from './kit/index.ts';

/** Every route of the API, area by area: the one list that is mounted, documented and tested. */
export function allRoutes(): readonly Route[] {
  return [...identityRoutes];
}
