import { Context } from '@temporalio/activity';

/** Three beats in each timeout: one may get lost without the worker being taken for dead. */
const BEATS_PER_TIMEOUT = 3;

/**
 * Runs long work of an activity: beats until it ends, and hands it a signal that aborts when the run is
 * cancelled or the worker shuts down. The work must stop on that signal; then the cancellation is what is thrown.
 * What `details` says at a beat is what the next attempt finds.
 */
export async function withHeartbeat<T>(
  work: (signal: AbortSignal) => Promise<T>,
  details: () => unknown = () => undefined,
): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs;
  const beat = timeoutMs
    ? setInterval(() => context.heartbeat(details()), timeoutMs / BEATS_PER_TIMEOUT)
    : undefined;
  const { cancellationSignal } = context;
  try {
    context.heartbeat(details());
    return await work(cancellationSignal);
  } catch (error) {
    throw cancellationSignal.aborted ? cancellationSignal.reason : error;
  } finally {
    clearInterval(beat);
  }
}
