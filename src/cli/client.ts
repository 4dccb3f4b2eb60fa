import { setTimeout as sleep } from 'node:timers/promises';
import { CliError, EXIT } from './exit.ts';
import { createPatience } from './patience.ts';

/** An error that the API answered with. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(status: number, body: { error?: string; message?: string; details?: Record<string, unknown> }) {
    super(body.message ?? `The server answered ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.code = body.error ?? 'internal_error';
    this.details = body.details ?? {};
  }

  /** The servers behind the API are away: nothing was refused, and later it may be accepted. */
  get unreachable(): boolean {
    return this.status >= 502 && this.status <= 504 && this.code !== 'kill_switch_on';
  }
}

export type Answer<T> = { status: number; headers: Headers; body: T };

/** A client of the HTTP API with one key. */
export type ApiClient = {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** Sends bytes as they are, such as a file of leads. */
  upload<T>(path: string, body: Uint8Array, mime: string): Promise<Answer<T>>;
  /** The target of a redirect that is not followed. */
  location(path: string): Promise<string | null>;
  text(path: string): Promise<string>;
  /** An answer that goes on; null when nothing can follow the last id. Not tried again: the caller goes on from its last id. */
  stream(
    path: string,
    options: { signal: AbortSignal; lastEventId?: string },
  ): Promise<ReadableStream<Uint8Array> | null>;
};

/** What a list holds, page after page, all of it or a number of rows; `more` tells that there are further ones. */
export async function readAll<T>(
  client: ApiClient,
  path: string,
  most = Number.POSITIVE_INFINITY,
): Promise<{ rows: T[]; more: boolean }> {
  const rows: T[] = [];
  const address = new URL(path, 'http://api');
  for (;;) {
    address.searchParams.set('limit', String(Math.min(PAGE_ROWS, most - rows.length)));
    const page = await client.get<{ data: T[]; next_cursor: string | null }>(
      `${address.pathname}${address.search}`,
    );
    rows.push(...page.data);
    const more = page.next_cursor !== null;
    if (!more || rows.length >= most) return { rows, more };
    address.searchParams.set('cursor', page.next_cursor ?? '');
  }
}

/** The most that one page of the API holds. */
const PAGE_ROWS = 100;
const ATTEMPTS = 4;

/**
 * Opens a client; reads are tried again while the server is away for a moment, writes never. What the server
 * had too many requests for waits as long as it says.
 */
export function createClient(origin: string, apiKey: string): ApiClient {
  const patiently = createPatience();
  const sendOnce = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = { authorization: `Bearer ${apiKey}`, ...(init.headers as Record<string, string>) };
    try {
      return await fetch(new URL(path, origin), { redirect: 'manual', ...init, headers });
    } catch {
      throw new CliError(EXIT.unreachable, `No AgOS answers at ${origin}. Start one with \`npx agos up\`.`);
    }
  };
  const send = (path: string, init: RequestInit): Promise<Response> => patiently(() => sendOnce(path, init));
  const read = async (path: string): Promise<Response> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const response = await send(path, {});
        if (response.status < 502 || attempt >= ATTEMPTS) return response;
      } catch (error) {
        if (attempt >= ATTEMPTS) throw error;
      }
      await sleep(250 * 2 ** attempt);
    }
  };
  const answer = async <T>(response: Response): Promise<Answer<T>> => {
    const body = (await response.json().catch(() => ({}))) as T;
    if (response.status >= 400) throw new ApiError(response.status, body as Record<string, never>);
    return { status: response.status, headers: response.headers, body };
  };
  return {
    get: async <T>(path: string) => (await answer<T>(await read(path))).body,
    post: async <T>(path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
      answer<T>(
        await send(path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        }),
      ),
    upload: async <T>(path: string, body: Uint8Array, mime: string) =>
      answer<T>(
        await send(path, { method: 'POST', headers: { 'content-type': mime }, body: body as BodyInit }),
      ),
    location: async (path) => (await read(path)).headers.get('location'),
    text: async (path) => (await read(path)).text(),
    stream: async (path, { signal, lastEventId }) => {
      const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const response = await sendOnce(path, { headers, signal });
      if (response.status >= 400) await answer(response);
      return response.status === 204 ? null : response.body;
    },
  };
}
