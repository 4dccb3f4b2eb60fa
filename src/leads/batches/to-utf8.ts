/** The bytes of a text file in UTF-8; one that says by its mark that it is UTF-16 is translated. */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return encode(bytes, 'utf-16le');
  if (first === 0xfe && second === 0xff) return encode(bytes, 'utf-16be');
  return bytes;
}

/** A broken character becomes U+FFFD, which is reported where it stands. */
function encode(bytes: Uint8Array, from: 'utf-16le' | 'utf-16be'): Uint8Array {
  return new TextEncoder().encode(new TextDecoder(from).decode(bytes));
}
