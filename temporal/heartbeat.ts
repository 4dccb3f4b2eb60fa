import { Context } from '@temporalio/activity';

/** Three beats in each timeout: one may get lost without the worker being taken for dead. */
const BEATS_PER_TIMEOUT = 3;

/**
 * Runs long work of an activity: beats until it ends, and hands it a signal that aborts when the run is
 * cancelled or the worker shuts down. The work must stop on that signal; then the cancellation is what is thrown.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs;
  const beat = timeoutMs ? setInterval(() => context.heartbeat(), timeoutMs / BEATS_PER_TIMEOUT) : undefined;
  const { cancellationSignal } = context;
  try {
    context.heartbeat();
    return await work(cancellationSignal);
  } catch (error) {
    throw cancellationSignal.aborted ? cancellationSignal.reason : error;
  } finally {
    clearInterval(beat);
  }
}
