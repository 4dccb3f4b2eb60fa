import { IntlMessageFormat } from 'intl-messageformat';

/**
 * Lighthouse reads each of its sentences anew for every audit of every page, which is a third of its own work.
 * They are its own and the same each time: what a page says is never among them.
 */
export function rememberMessages(): void {
  const { resolveLocale, __parse: parse } = IntlMessageFormat;
  IntlMessageFormat.resolveLocale = remembered(resolveLocale, String);
  if (parse) IntlMessageFormat.__parse = remembered(parse, (message) => message);
}

/** The same result for the same key. */
function remembered<Args extends unknown[], Result>(
  fn: (...args: Args) => Result,
  keyOf: (...args: Args) => string,
): (...args: Args) => Result {
  const known = new Map<string, Result>();
  return (...args) => {
    const key = keyOf(...args);
    const before = known.get(key);
    if (before !== undefined) return before;
    const result = fn(...args);
    known.set(key, result);
    return result;
  };
}
