import { storableText } from '../../kernel/text.ts';
import { FetchFault } from '../../runtime/egress/fetch-fault.ts';
import type { GuardedPost } from '../../runtime/egress/post.ts';
import { redactText } from '../../runtime/redact.ts';
import { type DeliveryError, retryAfterMs } from './rules.ts';
import { type Message, signedHeaders } from './sign.ts';

/** How one request went; `error` is null when the receiver took the delivery. */
export type Sent = {
  statusCode: number | null;
  error: DeliveryError | null;
  /** How long the receiver asks to be left alone, in milliseconds. */
  askedMs: number | null;
  excerpt: string | null;
  durationMs: number;
};

const EXCERPT_BYTES = 1_024;
const USER_AGENT = 'AgOS-Webhooks/1.0';
const ASK_LATER = new Set([429, 503]);

/** Sends one message once; throws only when `signal` is aborted. */
export async function sendMessage(
  post: GuardedPost,
  request: {
    url: string;
    secrets: readonly string[];
    message: Message;
    timeoutMs: number;
    signal: AbortSignal;
  },
): Promise<Sent> {
  const { url, secrets, message, timeoutMs, signal } = request;
  const startedAt = performance.now();
  const duration = () => Math.round(performance.now() - startedAt);
  try {
    const answer = await post({
      url,
      headers: {
        'content-type': 'application/json',
        'user-agent': USER_AGENT,
        ...signedHeaders(secrets, message),
      },
      body: message.body,
      timeoutMs,
      excerptBytes: EXCERPT_BYTES,
      signal,
    });
    const { status, headers, excerpt } = answer;
    return {
      statusCode: status,
      error: errorOf(status),
      askedMs: ASK_LATER.has(status) ? retryAfterMs(headers['retry-after'], new Date()) : null,
      excerpt: storableText(redactText(excerpt)),
      durationMs: duration(),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { statusCode: null, error: codeOf(error), askedMs: null, excerpt: null, durationMs: duration() };
  }
}

function errorOf(status: number): DeliveryError | null {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? 'redirect' : 'http_status';
}

function codeOf(error: unknown): DeliveryError {
  if (!(error instanceof FetchFault)) throw error;
  return error.code === 'timeout' || error.code === 'target_forbidden' ? error.code : 'unreachable';
}
