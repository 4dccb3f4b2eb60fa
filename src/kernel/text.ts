/** Text as every column can hold it: NUL and halves of surrogate pairs become the replacement character. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

/** A copy of a JSON value whose texts every column can hold. */
export function storableJson(value: unknown): unknown {
  const text = JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'string' ? storableText(one) : one,
  );
  return text === undefined ? null : JSON.parse(text);
}
