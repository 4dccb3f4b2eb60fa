import {
  commandFor,
  ensureSearchAttributes,
  missingSearchAttributes,
  SEARCH_ATTRIBUTES,
} from '../../temporal/search-attributes.ts';
import type { NamespaceSetup } from '../stack/temporal/namespace-setup.ts';

/** What the stack and `doctor` ask of a Temporal namespace. */
export const NAMESPACE_SETUP: NamespaceSetup = {
  searchAttributes: SEARCH_ATTRIBUTES,
  missing: missingSearchAttributes,
  ensure: ensureSearchAttributes,
  commandFor,
};
