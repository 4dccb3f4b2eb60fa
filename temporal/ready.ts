import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceError } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from '../src/runtime/logger.ts';
import { connectWorker, type TemporalTarget } from './connection.ts';
import { commandFor, missingSearchAttributes } from './search-attributes.ts';

const RETRY_MS = 2_000;

/**
 * Connects, and waits until the server is there and knows our search attributes: without them no
 * workflow can start. Says once for each reason what it waits for; aborting ends the wait.
 */
export async function connectWhenReady(
  target: TemporalTarget,
  log: Logger,
  signal: AbortSignal,
): Promise<NativeConnection> {
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    const { connection, reason } = await tryConnect(target);
    if (connection) return connection;
    if (reason !== said) log.warn({ reason }, 'waiting for Temporal');
    said = reason;
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/**
 * Does what needs the server's own workflows, such as Schedules: for some seconds after a start or a restored
 * backup it answers other calls but not those. Says once for each reason what it waits for; aborting ends the wait.
 */
export async function whenServed(work: () => Promise<void>, log: Logger, signal: AbortSignal): Promise<void> {
  let said = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const reason = error.cause instanceof Error ? error.cause.message : error.message;
      if (reason !== said) log.warn({ reason }, 'waiting for Temporal');
      said = reason;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

type Attempt = { connection: NativeConnection; reason?: never } | { connection?: never; reason: string };

async function tryConnect(target: TemporalTarget): Promise<Attempt> {
  let connection: NativeConnection | undefined;
  try {
    connection = await connectWorker(target);
    const missing = await missingSearchAttributes(connection, target.namespace);
    if (missing.length === 0) return { connection };
    await connection.close();
    return {
      reason: `search attributes are missing; run \`agos migrate\` or: ${commandFor(target.namespace, missing)}`,
    };
  } catch (error) {
    await connection?.close();
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
