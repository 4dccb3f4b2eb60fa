import { createHash, timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { z } from 'zod';
import { AgosError } from '../../src/kernel/errors.ts';

const { Payloads } = proto.temporal.api.common.v1;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export type CodecEndpointOptions = {
  codec: PayloadCodec;
  /** The secret that opens the endpoint. */
  token: string;
  /** Origin of the Temporal Web UI: the only one whose pages may call. */
  uiOrigin: string;
  namespace: string;
};

/**
 * Decrypts and encrypts payloads for the Temporal Web UI and command line.
 *
 * The token comes as `Authorization: Bearer` to `/decode` and `/encode`, or as a path segment,
 * `/<token>/decode`: the Web UI of a development server can send no header of ours, so there the
 * token is a part of the endpoint's address (`--ui-codec-endpoint http://.../codec/<token>`).
 */
export function createCodecEndpoint(options: CodecEndpointOptions): Hono {
  const app = new Hono();
  app.use(
    cors({
      origin: options.uiOrigin,
      allowMethods: ['POST'],
      allowHeaders: ['content-type', 'x-namespace', 'authorization'],
      maxAge: 600,
    }),
  );
  const tooLarge = (): never => {
    throw new AgosError('body_too_large', `A request may hold ${MAX_BODY_BYTES} bytes at most.`);
  };
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge });
  for (const direction of ['decode', 'encode'] as const) {
    const answer = async (c: Context, token: string): Promise<Response> => {
      admit(c, options, token);
      return c.json(await translate(options.codec, direction, await c.req.text()));
    };
    app.post(`/${direction}`, limit, (c) => answer(c, bearerOf(c)));
    app.post(`/:token/${direction}`, limit, (c) => answer(c, c.req.param('token')));
  }
  return app;
}

function bearerOf(c: Context): string {
  return /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
}

/** A browser would not hand a foreign page the answer; it is not even asked for. */
function admit(c: Context, options: CodecEndpointOptions, token: string): void {
  const origin = c.req.header('origin');
  if (origin !== undefined && origin !== options.uiOrigin) {
    throw new AgosError('permission_denied', 'Only the Temporal Web UI may call the codec endpoint.');
  }
  if (!equal(token, options.token))
    throw new AgosError('token_invalid', 'The codec token is wrong or missing.');
  const namespace = c.req.header('x-namespace');
  if (namespace !== undefined && namespace !== options.namespace) {
    throw new AgosError('permission_denied', 'This endpoint serves another namespace.');
  }
}

function equal(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}

async function translate(
  codec: PayloadCodec,
  direction: 'decode' | 'encode',
  body: string,
): Promise<unknown> {
  const payloads = readPayloads(body);
  try {
    const translated = Payloads.create({ payloads: await codec[direction](payloads) });
    return Payloads.toObject(translated, { bytes: String });
  } catch (error) {
    throw new AgosError(
      'validation_failed',
      error instanceof Error ? error.message : 'These payloads cannot be read.',
    );
  }
}

const base64 = z.base64().or(z.literal(''));
const bodySchema = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })),
});

function readPayloads(body: string): Payload[] {
  try {
    return Payloads.fromObject(bodySchema.parse(JSON.parse(body))).payloads;
  } catch {
    throw new AgosError(
      'invalid_json',
      'The body must be {"payloads": [{"metadata": {...}, "data": "..."}]}.',
    );
  }
}
