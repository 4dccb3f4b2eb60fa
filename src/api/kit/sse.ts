import { type LiveMessage, type LiveSource, STALLED_MS } from './live.ts';

/** What waits in this process for one client. */
const BUFFER_BYTES = 256 * 1024;
const RETRY_MS = 1_000;

/** A connection of its own, so that a server that stops need not wait for an idle one. */
export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=UTF-8',
  connection: 'close',
  'x-accel-buffering': 'no',
};

/** A source as Server-Sent Events; `failed` is told of errors, which a client sees as the end of its stream. */
export function toEventStream(
  source: LiveSource,
  failed: (error: unknown) => void,
  stalledMs = STALLED_MS,
): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  let resume = (): void => {};

  gone.signal.addEventListener('abort', () => resume());

  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => gone.abort(), stalledMs);
      resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = async (text: string): Promise<void> => {
          if (gone.signal.aborted) return;
          controller.enqueue(encoder.encode(text));
          if (isFull(controller)) await drained();
        };
        const sink = {
          send: (messages: readonly LiveMessage[]) => write(messages.map(toBlock).join('')),
          // Without data no event is dispatched, but the client keeps the id.
          mark: (id: string) => write(`id: ${id}\n\n`),
          signal: gone.signal,
        };
        const run = async (): Promise<void> => {
          await write(`retry: ${RETRY_MS}\n\n`);
          await source(sink);
          // Closing would wait for the client to take what is left.
          if (gone.signal.aborted || isFull(controller))
            controller.error(new Error('nobody reads this stream'));
          else controller.close();
        };
        // Not awaited: nothing is pulled before `start` has returned.
        run().catch((error: unknown) => {
          if (!gone.signal.aborted) failed(error);
          gone.abort();
          controller.error(error);
        });
      },
      pull: () => resume(),
      cancel: () => gone.abort(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  );
}

const isFull = ({ desiredSize }: ReadableStreamDefaultController): boolean => (desiredSize ?? 0) <= 0;

/** JSON has no line breaks, so one line carries it. */
function toBlock({ id, event, data }: LiveMessage): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
