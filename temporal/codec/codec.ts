import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from './key-ring.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const ENCODING = 'binary/encrypted';
const CIPHER = 'AES-256-GCM';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts whole payloads, their metadata included: nonce, tag and ciphertext follow each other in `data`. */
export function createCodec(ring: KeyRing): PayloadCodec {
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(ring, payload)),
    decode: async (payloads) =>
      payloads.map((payload) => (isEncrypted(payload) ? decrypt(ring, payload) : payload)),
  };
}

/** Whether a payload was written by this codec; others come from before it was turned on. */
function isEncrypted(payload: Payload): boolean {
  return text(payload.metadata?.encoding) === ENCODING;
}

function encrypt(ring: KeyRing, payload: Payload): Payload {
  const { id, key } = ring.current;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData(id));
  const sealed = Buffer.concat([cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
  return {
    metadata: {
      encoding: Buffer.from(ENCODING),
      'encryption-cipher': Buffer.from(CIPHER),
      'encryption-key-id': Buffer.from(id),
    },
    data: Buffer.concat([nonce, cipher.getAuthTag(), sealed]),
  };
}

function decrypt(ring: KeyRing, payload: Payload): Payload {
  const id = text(payload.metadata?.['encryption-key-id']);
  const key = ring.find(id);
  if (!key)
    throw new Error(`A payload was encrypted with the key "${id}", which AGOS_PAYLOAD_KEYS does not hold.`);
  const data = payload.data ?? new Uint8Array();
  if (data.length < NONCE_BYTES + TAG_BYTES) throw unreadable(id);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(associatedData(id))
      .setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    const opened = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    return PayloadMessage.decode(opened);
  } catch {
    throw unreadable(id);
  }
}

function unreadable(id: string): Error {
  return new Error(
    `A payload that names the key "${id}" cannot be opened: it was altered, or another key once had this id.`,
  );
}

/** Binds the format and the key's id; no workflow id, since the Web UI's endpoint is not told any. */
function associatedData(keyId: string): Buffer {
  return Buffer.from(`${ENCODING};${CIPHER};${keyId}`);
}

function text(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}
