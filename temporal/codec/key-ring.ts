import { createSecretKey, type KeyObject } from 'node:crypto';

const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The keys of the payload codec: one encrypts, every one of them decrypts. */
export type KeyRing = {
  current: { id: string; key: KeyObject };
  find(id: string): KeyObject | undefined;
};

/** Reads `id:base64,id:base64`; the first key encrypts. Throws a sentence that names the entry, never the key. */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, KeyObject>();
  for (const [index, entry] of text.split(',').entries()) {
    const { id, key } = parseEntry(entry.trim(), index + 1);
    if (keys.has(id)) throw new Error(`AGOS_PAYLOAD_KEYS: the key id "${id}" occurs twice`);
    keys.set(id, key);
  }
  const [id, key] = keys.entries().next().value!;
  return { current: { id, key }, find: (wanted) => keys.get(wanted) };
}

function parseEntry(entry: string, position: number): { id: string; key: KeyObject } {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(colon, 0));
  if (!KEY_ID.test(id)) throw new Error(`AGOS_PAYLOAD_KEYS: entry ${position} must be written as id:base64`);
  const encoded = entry.slice(colon + 1);
  const bytes = Buffer.from(encoded, 'base64');
  // Node skips characters that are not base64: only what encodes back is what was meant.
  if (bytes.toString('base64').replace(/=+$/, '') !== encoded.replace(/=+$/, '')) {
    throw new Error(`AGOS_PAYLOAD_KEYS: the key "${id}" is not valid base64`);
  }
  if (bytes.length !== KEY_BYTES) {
    throw new Error(`AGOS_PAYLOAD_KEYS: the key "${id}" has ${bytes.length} bytes, it needs ${KEY_BYTES}`);
  }
  return { id, key: createSecretKey(bytes) };
}
