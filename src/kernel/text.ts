/** Text as every column can hold it: NUL and halves of surrogate pairs become the replacement character. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}
