import type { Tracer } from '@opentelemetry/api';
import {
  Client,
  Connection,
  type ConnectionOptions,
  isRetryableError,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import { traceStarts } from './trace-work.ts';

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

/**
 * Three quick tries, and a look for the server every second: callers are promised an answer in two
 * seconds, and work must begin soon after the server's return. The defaults go on for a minute or two.
 */
const PATIENCE: Pick<ConnectionOptions, 'interceptors' | 'channelArgs'> = {
  interceptors: [
    makeGrpcRetryInterceptor({
      retryableDecider: (attempt, status) => attempt < 3 && isRetryableError(status),
      delayFunction: (attempt) => attempt * 100,
    }),
  ],
  channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 1_000 },
};

/** A client that connects when it is first used, so that the API starts and reads while Temporal is down. */
export function openClient(target: TemporalTarget, dataConverter: DataConverter, tracer?: Tracer): Client {
  const connection = Connection.lazy({ ...target.connectionOptions, ...PATIENCE });
  return new Client({
    connection,
    namespace: target.namespace,
    dataConverter,
    // A query is for the live state; what has ended is read from the database.
    workflow: { queryRejectCondition: 'NOT_OPEN' },
    ...(tracer && { interceptors: { workflow: [traceStarts(tracer)] } }),
  });
}

/** The worker's connection; throws when the server does not answer. */
export function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  return NativeConnection.connect(target.connectionOptions);
}
