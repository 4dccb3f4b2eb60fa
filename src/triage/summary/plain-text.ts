/** Takes out of a stranger's text what could break a line, a mark or the reading direction. */
export function plainText(text: string, chars: number): string {
  const plain = text
    .replace(/[\u0000-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > chars ? `${plain.slice(0, chars).trimEnd()}…` : plain;
}
