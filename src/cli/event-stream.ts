/** One event of a stream as it arrived. */
export type ServerEvent = { id: string; event: string; data: string };

/** Reads Server-Sent Events to the end of the stream; an id without data is handed on with an empty `data`. */
export async function* readServerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) yield toEvent(block);
  }
}

function toEvent(block: string): ServerEvent {
  const found: ServerEvent = { id: '', event: '', data: '' };
  for (const line of block.split('\n')) {
    const [, name, value] = /^(id|event|data): (.*)$/.exec(line) ?? [];
    if (name === 'id' || name === 'event' || name === 'data') found[name] = value ?? '';
  }
  return found;
}
