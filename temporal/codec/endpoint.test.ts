import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import type { ApiEnv } from '../../src/api/kit/mount.ts';
import { createRateLimits } from '../../src/control/rate-limits/limit-requests.ts';
import { AgosError } from '../../src/kernel/errors.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { Database } from '../../src/runtime/database/database.ts';
import { createCodec } from './codec.ts';
import { createCodecEndpoint } from './endpoint.ts';
import { parseKeyRing } from './key-ring.ts';

const TOKEN = 'a-token-of-24-characters';
const UI = 'http://127.0.0.1:8233';
const codec = createCodec(parseKeyRing(`k1:${randomBytes(32).toString('base64')}`));

/** The endpoint by itself, and what the bodies that it reads take of the process's room. */
function createApp() {
  const taken: number[] = [];
  const endpoint = createCodecEndpoint({
    codec,
    token: TOKEN,
    uiOrigin: UI,
    namespace: 'default',
    clock: systemClock,
    // Strangers are counted without a database.
    rateLimits: createRateLimits({ db: {} as Database }),
    clientAddress: () => '198.51.100.1',
    byteBudget: {
      take: async (_, bytes) => {
        taken.push(bytes);
        return () => taken.push(-bytes);
      },
    },
  });
  const app = new Hono<ApiEnv>().route('/codec', endpoint);
  app.onError((error, c) => {
    if (!(error instanceof AgosError)) throw error;
    return c.json({ error: error.code, message: error.message }, error.status as 400);
  });
  return { app, taken };
}
const { app } = createApp();

/** A body without end, which tells how often somebody asked for more of it. */
function endless() {
  let pulls = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    pulls += 1;
    controller.enqueue(new Uint8Array(1_000_000));
  };
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), pulled: () => pulls };
}

type Wire = { metadata: Record<string, string>; data: string };

/** As the Web UI sends it. */
async function asUi(path: string, payloads: unknown, headers: Record<string, string> = {}) {
  const response = await app.request(`/codec${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-namespace': 'default', origin: UI, ...headers },
    body: JSON.stringify({ payloads }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as never };
}

async function encrypted(value: unknown): Promise<Wire> {
  const [sealed] = await codec.encode([defaultPayloadConverter.toPayload(value)!]);
  const base64 = (bytes: Uint8Array | null | undefined): string =>
    Buffer.from(bytes ?? []).toString('base64');
  const metadata = Object.entries(sealed?.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]);
  return { metadata: Object.fromEntries(metadata), data: base64(sealed?.data) };
}

describe('the codec endpoint', () => {
  test('decrypts for the Web UI, whose token is a part of the address', async () => {
    const { status, headers, body } = await asUi(`/${TOKEN}/decode`, [await encrypted({ lead: 'x' })]);
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe(UI);
    const [payload] = (body as { payloads: Wire[] }).payloads;
    expect(Buffer.from(payload?.data ?? '', 'base64').toString()).toBe('{"lead":"x"}');
    expect(Buffer.from(payload?.metadata.encoding ?? '', 'base64').toString()).toBe('json/plain');
  });

  test('encrypts what a person types into the Web UI, and takes the token as a bearer too', async () => {
    const bearer = { authorization: `Bearer ${TOKEN}` };
    const plain = { metadata: { encoding: Buffer.from('json/plain').toString('base64') }, data: 'IngiCg==' };
    const sealed = await asUi('/encode', [plain], bearer);
    const opened = await asUi('/decode', (sealed.body as { payloads: Wire[] }).payloads, bearer);
    expect((opened.body as { payloads: Wire[] }).payloads[0]).toEqual(plain);
  });

  // sabotage: temporal/codec/endpoint.ts :: if (!equal(token, options.token)) => if (false)
  test.each([
    ['no token', '/decode', {}],
    ['a wrong bearer', '/decode', { authorization: 'Bearer wrong' }],
    ['a wrong segment', '/wrong/decode', {}],
    ['another scheme', '/decode', { authorization: `Basic ${TOKEN}` }],
  ])('refuses %s', async (_, path, headers) => {
    expect(await asUi(path, [await encrypted(1)], headers)).toMatchObject({
      status: 401,
      body: { error: 'token_invalid' },
    });
  });

  // sabotage: temporal/codec/endpoint.ts :: countStranger(c, options); =>
  test('counts wrong tokens by address; whoever has the right one comes through from there', async () => {
    const { app } = createApp();
    const call = async (token: string) => {
      const init = { method: 'POST', body: '{"payloads":[]}' };
      return (await app.request(`/codec/${token}/decode`, init)).status;
    };
    const wrong = await Promise.all(Array.from({ length: 120 }, () => call('wrong')));
    expect(wrong.slice(0, 100)).toEqual(Array(100).fill(401));
    expect(wrong.at(-1)).toBe(429);
    expect(await call(TOKEN)).toBe(200);
  });

  // sabotage: temporal/codec/endpoint.ts :: admit(c, options, token); => await readBytes(c.req.raw, MAX_BODY_BYTES); admit(c, options, token);
  test('reads nothing of a body before the token is found right', async () => {
    const { app, taken } = createApp();
    for (const path of ['/decode', '/encode', '/wrong/decode', '/wrong/encode']) {
      const { body, pulled } = endless();
      const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
      expect((await app.request(`/codec${path}`, init)).status).toBe(401);
      expect(pulled()).toBe(0);
    }
    expect(taken).toEqual([]);
  });

  // sabotage: temporal/codec/endpoint.ts :: leave(); =>
  test('takes room for a body while it is at work: what it declares, or all that it may have', async () => {
    const { app, taken } = createApp();
    const body = '{"payloads":[]}';
    const send = (init: RequestInit) =>
      app.request(`/codec/${TOKEN}/decode`, { method: 'POST', duplex: 'half', ...init } as RequestInit);
    expect((await send({ body, headers: { 'content-length': '15' } })).status).toBe(200);
    expect((await send({ body: new Blob([body]).stream() })).status).toBe(200);
    expect((await send({ body: endless().body })).status).toBe(413);
    const most = 8 * 1024 * 1024;
    expect(taken).toEqual([15, -15, most, -most, most, -most]);
  });

  // sabotage: temporal/codec/endpoint.ts :: if (origin !== undefined && origin !== options.uiOrigin) { => if (false) {
  test('refuses pages of any other origin, and gives them no CORS header', async () => {
    const answer = await asUi(`/${TOKEN}/decode`, [await encrypted(1)], { origin: 'http://evil.example' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).not.toBe('http://evil.example');
    expect(answer.headers.get('access-control-allow-origin')).not.toBe('*');
  });

  test('answers the preflight of the Web UI', async () => {
    const response = await app.request(`/codec/${TOKEN}/decode`, {
      method: 'OPTIONS',
      headers: {
        origin: UI,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-namespace',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(UI);
    expect(response.headers.get('access-control-allow-headers')).toContain('x-namespace');
  });

  test('serves its own namespace only', async () => {
    const answer = await asUi(`/${TOKEN}/decode`, [await encrypted(1)], { 'x-namespace': 'other' });
    expect(answer.status).toBe(403);
  });

  test('says which key is missing', async () => {
    const foreign = await encrypted(1);
    foreign.metadata['encryption-key-id'] = Buffer.from('gone').toString('base64');
    const answer = await asUi(`/${TOKEN}/decode`, [foreign]);
    expect(answer).toMatchObject({ status: 422, body: { message: expect.stringContaining('"gone"') } });
  });

  test.each(['', 'null', '[]', '{"payloads":3}', '{"payloads":[3]}', '{"payloads":[{"data":7}]}'])(
    'a body of %s is refused',
    async (body) => {
      const response = await app.request(`/codec/${TOKEN}/decode`, { method: 'POST', body });
      expect(response.status).toBe(400);
    },
  );
});
