import { createHash, timingSafeEqual } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import { z } from 'zod';
import { tooManyRequests } from '../../src/api/kit/admit.ts';
import type { ClientAddress } from '../../src/api/kit/client-address.ts';
import type { ApiEnv } from '../../src/api/kit/mount.ts';
import type { RateLimits } from '../../src/api/kit/rate-limits.ts';
import { readBytes, sizeOf } from '../../src/api/kit/read-body.ts';
import { AgosError } from '../../src/kernel/errors.ts';
import type { ByteBudget } from '../../src/runtime/byte-budget.ts';
import type { Clock } from '../../src/runtime/clock.ts';

const { Payloads } = proto.temporal.api.common.v1;
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** Whose bodies these are in the byte budget: no tenant's. */
const PARTY = 'codec';

export type CodecEndpointOptions = {
  codec: PayloadCodec;
  /** The secret that opens the endpoint. */
  token: string;
  /** Origin of the Temporal Web UI: the only one whose pages may call. */
  uiOrigin: string;
  namespace: string;
  clock: Clock;
  /** Counts wrong tokens by the address that they come from. */
  rateLimits: Pick<RateLimits, 'ofStranger'>;
  clientAddress: ClientAddress;
  /** Bounds what bodies hold of the process's memory. */
  byteBudget: ByteBudget;
};

/**
 * Decrypts and encrypts payloads for the Temporal Web UI and command line.
 *
 * The token comes as `Authorization: Bearer` to `/decode` and `/encode`, or as a path segment,
 * `/<token>/decode`: the Web UI of a development server can send no header of ours, so there the
 * token is a part of the endpoint's address (`--ui-codec-endpoint http://.../codec/<token>`).
 */
export function createCodecEndpoint(options: CodecEndpointOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.use(
    cors({
      origin: options.uiOrigin,
      allowMethods: ['POST'],
      allowHeaders: ['content-type', 'x-namespace', 'authorization'],
      maxAge: 600,
    }),
  );
  for (const direction of ['decode', 'encode'] as const) {
    const answer = async (c: Context<ApiEnv>, token: string): Promise<Response> => {
      // First: of whoever may not call not a byte is read.
      admit(c, options, token);
      const leave = await options.byteBudget.take(PARTY, sizeOf(c.req.raw, MAX_BODY_BYTES));
      try {
        const bytes = await readBytes(c.req.raw, MAX_BODY_BYTES);
        return c.json(await translate(options.codec, direction, new TextDecoder().decode(bytes)));
      } finally {
        leave();
      }
    };
    app.post(`/${direction}`, (c) => answer(c, bearerOf(c)));
    app.post(`/:token/${direction}`, (c) => answer(c, c.req.param('token')));
  }
  return app;
}

function bearerOf(c: Context): string {
  return /^Bearer (.+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
}

/** A browser would not hand a foreign page the answer; it is not even asked for. */
function admit(c: Context<ApiEnv>, options: CodecEndpointOptions, token: string): void {
  const origin = c.req.header('origin');
  if (origin !== undefined && origin !== options.uiOrigin) {
    throw new AgosError('permission_denied', 'Only the Temporal Web UI may call the codec endpoint.');
  }
  if (!equal(token, options.token)) {
    countStranger(c, options);
    throw new AgosError('token_invalid', 'The codec token is wrong or missing.');
  }
  const namespace = c.req.header('x-namespace');
  if (namespace !== undefined && namespace !== options.namespace) {
    throw new AgosError('permission_denied', 'This endpoint serves another namespace.');
  }
}

/** A wrong token counts as wrong credentials do on every other route. */
function countStranger(c: Context<ApiEnv>, { rateLimits, clientAddress, clock }: CodecEndpointOptions): void {
  const address = clientAddress(c.env?.incoming?.socket.remoteAddress, c.req.header('x-forwarded-for'));
  const standing = address === null ? null : rateLimits.ofStranger(address);
  if (standing?.refused) throw tooManyRequests(standing, clock.now());
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
