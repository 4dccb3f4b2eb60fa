const MAX_PRESCAN_BYTES = 4_096;

/** Turns a page's bytes into text as a browser would: byte order mark, header, meta element, then a guess. */
export function decodeHtml(bytes: Uint8Array, contentType: string | undefined): string {
  const label = markOf(bytes) ?? charsetIn(contentType) ?? charsetIn(metaOf(bytes));
  if (label !== undefined) {
    try {
      return new TextDecoder(label).decode(bytes);
    } catch {
      // An unknown label is as good as none.
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return undefined;
}

/** A page that can be read byte by byte is not UTF-16, whatever its meta element says. */
function metaOf(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, MAX_PRESCAN_BYTES));
  const meta = /<meta[^>]{0,300}charset\s*=\s*["']?\s*[\w:-]+/i.exec(head)?.[0];
  return meta === undefined || /utf-?16/i.test(meta) ? undefined : meta;
}

function charsetIn(text: string | undefined): string | undefined {
  return /charset\s*=\s*["']?\s*([\w:-]+)/i.exec(text ?? '')?.[1];
}
