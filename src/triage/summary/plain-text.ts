/** Takes out of a stranger's text what could break a line, a mark or the reading direction. */
export function plainText(text: string, chars: number): string {
  const plain = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > chars ? `${plain.slice(0, chars).trimEnd()}…` : plain;
}
