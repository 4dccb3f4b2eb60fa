import { type Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { SEARCH_KEYS } from '../workflows/lib/search-keys.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;

/** What a namespace must know before a workflow of AgOS can start in it. */
export const SEARCH_ATTRIBUTES = Object.fromEntries(
  Object.values(SEARCH_KEYS).map(({ name }) => [name, 'Keyword']),
) as Record<string, 'Keyword'>;

/** The connection's two services that tell and change what a namespace knows. */
type Services = Pick<Connection, 'operatorService' | 'workflowService'>;

/** Which of our search attributes the namespace lacks; throws when it cannot be reached or is not there. */
export async function missingSearchAttributes(services: Services, namespace: string): Promise<string[]> {
  const known = await knownAttributes(services, namespace);
  return Object.keys(SEARCH_ATTRIBUTES).filter((name) => !known.has(name));
}

/** Temporal Cloud refuses the operator service, and older servers list attributes nowhere else: both are asked. */
async function knownAttributes(services: Services, namespace: string): Promise<Set<string>> {
  try {
    const listed = await services.operatorService.listSearchAttributes({ namespace });
    return new Set(Object.keys(listed.customAttributes ?? {}));
  } catch (error) {
    if (!isRefused(error)) throw error;
    const listed = await services.workflowService.getSearchAttributes({});
    return new Set(Object.keys(listed.keys ?? {}));
  }
}

export type SearchAttributesOutcome =
  | { outcome: 'present' | 'added' }
  /** This server takes them from its own tool only; `command` is what a person must run. */
  | { outcome: 'refused'; command: string };

/** Adds the search attributes that are missing, or answers with the command that does. */
export async function ensureSearchAttributes(
  services: Services,
  namespace: string,
): Promise<SearchAttributesOutcome> {
  const missing = await missingSearchAttributes(services, namespace);
  if (missing.length === 0) return { outcome: 'present' };
  try {
    await services.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(
        missing.map((name) => [name, IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD]),
      ),
    });
    return { outcome: 'added' };
  } catch (error) {
    if (isRefused(error)) return { outcome: 'refused', command: commandFor(namespace, missing) };
    throw error;
  }
}

/** The command that adds search attributes by hand: Temporal Cloud has a tool of its own. */
export function commandFor(namespace: string, names: readonly string[]): string {
  const isCloud = namespace.includes('.');
  return isCloud
    ? `tcld namespace search-attributes add --namespace ${namespace} ${names.map((name) => `--sa "${name}=Keyword"`).join(' ')}`
    : `temporal operator search-attribute create --namespace ${namespace} ${names.map((name) => `--name ${name} --type Keyword`).join(' ')}`;
}

/** gRPC statuses of a server that does not let us: PERMISSION_DENIED, UNIMPLEMENTED, UNAUTHENTICATED. */
const REFUSALS: ReadonlySet<number> = new Set([7, 12, 16]);

function isRefused(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (isGrpcServiceError(at)) return REFUSALS.has(at.code);
  }
  return false;
}
