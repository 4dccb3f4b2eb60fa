import { AgosError } from '../../kernel/errors.ts';
import { refuseDeepJson, refuseHostileText } from './hostile-json.ts';
import type { BodySpec, BytesBody, Route } from './route.ts';

/** Bodies up to here are no matter to the memory of a process, and are the limit where a route names none. */
export const FREE_BYTES = 256 * 1024;
const READ_TIMEOUT_MS = 30_000;

export type ReadBody = {
  bytes: Uint8Array<ArrayBuffer>;
  /** What the schema sees: parsed JSON, or `{ bytes, mime }`. */
  value: unknown;
};

/** How long a route's body may be. */
export function maxBytesOf({ method, maxBodyBytes = FREE_BYTES }: Route): number {
  return method === 'get' ? 0 : maxBodyBytes;
}

/** How much room a body needs: the length that it declares, or else its limit. Throws `body_too_large`. */
export function sizeOf(request: Request, maxBytes: number): number {
  if (!request.body) return 0;
  const declared = Number(request.headers.get('content-length') ?? maxBytes);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  return declared;
}

/** Reads a request's body within its limits and, unless the route takes bytes, parses it as JSON. */
export async function readBody(
  request: Request,
  spec: BodySpec | undefined,
  maxBytes: number,
): Promise<ReadBody> {
  const bytes = await readBytes(request, maxBytes);
  if (spec && isBytes(spec)) {
    return { bytes, value: { bytes, mime: requireMediaType(request, spec.bytes) } };
  }
  if (bytes.byteLength === 0) return { bytes, value: undefined };
  requireMediaType(request, ['application/json']);
  return { bytes, value: parseJson(bytes) };
}

/** Whether a route takes bytes instead of JSON. */
export function isBytes(spec: BodySpec): spec is BytesBody {
  return 'bytes' in spec;
}

/** Reads a request's bytes within a limit and in time; throws `body_too_large`, `request_timeout`, `invalid_request`. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const room = sizeOf(request, maxBytes);
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  // Made once, and only where something comes: many bodies are none.
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  let size = 0;
  const timer = setTimeout(() => void reader.cancel('timeout').catch(() => {}), READ_TIMEOUT_MS);
  const deadline = Date.now() + READ_TIMEOUT_MS;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // The declared length may lie or be missing (chunked bodies), so the bytes themselves are counted.
      if (size + value.byteLength > room) throw tooLarge(maxBytes);
      bytes ??= new Uint8Array(room);
      bytes.set(value, size);
      size += value.byteLength;
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    if (error instanceof AgosError) throw error;
    throw new AgosError('invalid_request', 'The body broke off before its end.');
  } finally {
    clearTimeout(timer);
  }
  if (Date.now() >= deadline) {
    throw new AgosError(
      'request_timeout',
      `The body did not arrive within ${READ_TIMEOUT_MS / 1000} seconds.`,
    );
  }
  return bytes?.subarray(0, size) ?? new Uint8Array();
}

function tooLarge(maxBytes: number): AgosError {
  return new AgosError('body_too_large', `The body may have at most ${maxBytes} bytes.`, {
    max_bytes: maxBytes,
  });
}

/** The media type without its parameters, when it is one of those; bodies are never compressed. */
function requireMediaType(request: Request, allowed: readonly string[]): string {
  const [mime = '', ...parameters] = (request.headers.get('content-type') ?? '').toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (allowed.includes(mime.trim()) && isUtf8 && !request.headers.get('content-encoding')) return mime.trim();
  throw new AgosError(
    'unsupported_media_type',
    `Send the body as ${allowed.join(' or ')}, in UTF-8 and not compressed.`,
  );
}

function parseJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    refuseDeepJson(text);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof AgosError) throw error;
    throw new AgosError('invalid_json', 'The body is not valid JSON in UTF-8.');
  }
  refuseHostileText(value);
  return value;
}
