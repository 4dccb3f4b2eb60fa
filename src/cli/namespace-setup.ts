import {
  commandFor,
  ensureSearchAttributes,
  missingSearchAttributes,
  SEARCH_ATTRIBUTES,
} from '../../temporal/search-attributes.ts';
import type { NamespaceSetup } from '../stack/temporal/namespace-setup.ts';

/** What AgOS asks of a Temporal namespace. */
export const namespaceSetup: NamespaceSetup = {
  searchAttributes: SEARCH_ATTRIBUTES,
  missing: missingSearchAttributes,
  ensure: ensureSearchAttributes,
  commandFor,
};
