import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodec } from './codec.ts';
import { parseKeyRing } from './key-ring.ts';

const key = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const codecOf = (keys: string) => createCodec(parseKeyRing(keys));
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value)!;
const unwrap = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload!);
const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

describe('the payload codec', () => {
  test('any value comes back as it was', async () => {
    const codec = codecOf(key('k1'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 4 }), async (values) => {
        const decoded = await codec.decode(await codec.encode(values.map(payloadOf)));
        expect(decoded.map(unwrap)).toEqual(values.map((value) => unwrap(payloadOf(value))));
      }),
    );
  });

  test('what is encrypted shows the key id and nothing of the payload, its metadata included', async () => {
    const [sealed] = await codecOf(key('k1')).encode([payloadOf({ secret: 'rosebud' })]);
    expect(Object.keys(sealed?.metadata ?? {}).sort()).toEqual([
      'encoding',
      'encryption-cipher',
      'encryption-key-id',
    ]);
    expect(text(sealed?.metadata?.['encryption-key-id'])).toBe('k1');
    expect(text(sealed?.data)).not.toMatch(/rosebud|json/);
  });

  test('the same value never looks the same twice', async () => {
    const codec = codecOf(key('k1'));
    const [one, two] = await codec.encode([payloadOf('same'), payloadOf('same')]);
    expect(text(one?.data)).not.toBe(text(two?.data));
  });

  test('after a rotation the new key encrypts and the old one still decrypts, until it is removed', async () => {
    const [old, fresh] = [key('2025'), key('2026')];
    const before = await codecOf(old).encode([payloadOf('kept')]);
    const rotated = codecOf(`${fresh},${old}`);
    expect(unwrap((await rotated.decode(before))[0])).toBe('kept');
    const after = await rotated.encode([payloadOf('new')]);
    expect(text(after[0]?.metadata?.['encryption-key-id'])).toBe('2026');
    expect(unwrap((await codecOf(fresh).decode(after))[0])).toBe('new');
    await expect(codecOf(fresh).decode(before)).rejects.toThrow(
      'key "2025", which AGOS_PAYLOAD_KEYS does not hold',
    );
  });

  test('another key of the same name is refused by name, not answered with rubbish', async () => {
    const sealed = await codecOf(key('k1')).encode([payloadOf('kept')]);
    await expect(codecOf(key('k1')).decode(sealed)).rejects.toThrow('names the key "k1" cannot be opened');
  });

  test('no byte of a payload, nor its key id, can be altered unnoticed', async () => {
    const ring = `${key('k1')},${key('k2')}`;
    const codec = codecOf(ring);
    const [sealed] = await codec.encode([payloadOf('kept')]);
    const data = sealed!.data!;
    for (let index = 0; index < data.length; index += 1) {
      const altered = Buffer.from(data);
      altered[index]! ^= 1;
      await expect(codec.decode([{ ...sealed, data: altered }])).rejects.toThrow('cannot be opened');
    }
    await expect(codec.decode([{ ...sealed, data: data.subarray(0, 20) }])).rejects.toThrow(
      'cannot be opened',
    );
    const metadata = { ...sealed?.metadata, 'encryption-key-id': Buffer.from('k2') };
    await expect(codec.decode([{ ...sealed, metadata }])).rejects.toThrow('"k2" cannot be opened');
  });

  test('payloads from before the codec was turned on are read as they are', async () => {
    const plain = payloadOf('old');
    expect(await codecOf(key('k1')).decode([plain])).toEqual([plain]);
  });
});

describe('AGOS_PAYLOAD_KEYS', () => {
  const good = key('k1');
  test.each([
    ['', 'entry 1 must be written as id:base64'],
    ['k1', 'entry 1 must be written as id:base64'],
    [`${good},`, 'entry 2 must be written as id:base64'],
    ['a b:AAAA', 'entry 1 must be written as id:base64'],
    [`${good},${key('k1')}`, 'the key id "k1" occurs twice'],
    [`k1:${randomBytes(16).toString('base64')}`, 'the key "k1" has 16 bytes, it needs 32'],
    [`k1:${randomBytes(33).toString('base64')}`, 'the key "k1" has 33 bytes, it needs 32'],
    ['k1:not*base64', 'the key "k1" is not valid base64'],
  ])('%j is refused with a sentence that shows no key', (value, sentence) => {
    expect(() => parseKeyRing(value)).toThrow(`AGOS_PAYLOAD_KEYS: ${sentence}`);
  });
});
