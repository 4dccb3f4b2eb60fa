import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { AgosError } from '../../src/kernel/errors.ts';
import { createCodec } from './codec.ts';
import { createCodecEndpoint } from './endpoint.ts';
import { parseKeyRing } from './key-ring.ts';

const TOKEN = 'a-token-of-24-characters';
const UI = 'http://127.0.0.1:8233';
const codec = createCodec(parseKeyRing(`k1:${randomBytes(32).toString('base64')}`));
const endpoint = createCodecEndpoint({ codec, token: TOKEN, uiOrigin: UI, namespace: 'default' });
const app = new Hono().route('/codec', endpoint);
app.onError((error, c) => {
  if (!(error instanceof AgosError)) throw error;
  return c.json({ error: error.code, message: error.message }, error.status as 400);
});

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
