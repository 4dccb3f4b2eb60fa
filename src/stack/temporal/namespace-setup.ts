import type { Connection } from '@temporalio/client';
import type { SearchAttributes } from './health.ts';

type Services = Pick<Connection, 'operatorService' | 'workflowService'>;

/** What AgOS asks of a namespace; given by the caller, since the stack knows servers and not workflows. */
export type NamespaceSetup = {
  searchAttributes: SearchAttributes;
  /** Names of those that a namespace lacks. */
  missing(services: Services, namespace: string): Promise<string[]>;
  /** Adds them, or answers with the command that a person must run. */
  ensure(
    services: Services,
    namespace: string,
  ): Promise<{ outcome: 'present' | 'added' } | { outcome: 'refused'; command: string }>;
  commandFor(namespace: string, names: readonly string[]): string;
};
