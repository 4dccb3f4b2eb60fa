import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

/** Where Temporal is: an address, and TLS and an API key where it asks for them. */
export type TemporalTarget = { connectionOptions: NativeConnectionOptions; namespace: string };

/**
 * Reads Temporal's standard environment variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`,
 * `TEMPORAL_API_KEY`, `TEMPORAL_TLS*`) and profile file, so that the same build runs on Temporal Cloud.
 */
export function readTemporalTarget(environment?: Record<string, string>): TemporalTarget {
  const { connectionOptions, namespace } = loadClientConnectConfig(
    environment ? { overrideEnvVars: environment } : {},
  );
  return { connectionOptions, namespace: namespace ?? 'default' };
}

/** A client that connects when it is first used, so that the API starts and reads while Temporal is down. */
export function openClient(target: TemporalTarget, dataConverter: DataConverter): Client {
  const connection = Connection.lazy(target.connectionOptions);
  return new Client({
    connection,
    namespace: target.namespace,
    dataConverter,
    // A query is for the live state; what has ended is read from the database.
    workflow: { queryRejectCondition: 'NOT_OPEN' },
  });
}

/** The worker's connection; throws when the server does not answer. */
export function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  return NativeConnection.connect(target.connectionOptions);
}
