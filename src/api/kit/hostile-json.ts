import { AgosError } from '../../kernel/errors.ts';

const MAX_DEPTH = 64;
const MAX_KEY_LENGTH = 1_000;
/** More than any schema of ours takes; schemas look at every entry before they count them. */
const MAX_ENTRIES = 1_000;

/** Refuses JSON nested so deep that walking it could exhaust the stack; runs before the parser. */
export function refuseDeepJson(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') depth -= 1;
    if (depth > MAX_DEPTH) {
      throw new AgosError('invalid_json', `The JSON may be nested ${MAX_DEPTH} levels deep at most.`);
    }
  }
}

/** Refuses values that no column can hold: broken Unicode, NUL, numbers beyond range, prototype keys; and what is too long. */
export function refuseHostileText(value: unknown, path: readonly string[] = []): void {
  if (typeof value === 'string') requireText(value, path);
  else if (typeof value === 'number') requireFinite(value, path);
  else if (Array.isArray(value)) {
    requireSize(value.length, path);
    value.forEach((item, index) => {
      refuseHostileText(item, [...path, String(index)]);
    });
  } else if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value);
    requireSize(entries.length, path);
    for (const [key, item] of entries) {
      requireKey(key, path);
      refuseHostileText(item, [...path, key]);
    }
  }
}

function requireSize(size: number, path: readonly string[]): void {
  if (size <= MAX_ENTRIES) return;
  throw new AgosError('validation_failed', `A list or an object may have at most ${MAX_ENTRIES} entries.`, {
    field: path.join('.'),
  });
}

/** Answers and logs repeat keys, so these are short. */
function requireKey(key: string, path: readonly string[]): void {
  requireText(key, path);
  if (key === '__proto__') throw unknownField([...path, key].join('.'));
  if (key.length <= MAX_KEY_LENGTH) return;
  throw new AgosError(
    'validation_failed',
    `The name of a field may have at most ${MAX_KEY_LENGTH} characters.`,
    { field: path.join('.') },
  );
}

/** Throws `invalid_text` for text that is not well-formed Unicode or contains NUL. */
export function requireText(text: string, path: readonly string[]): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw new AgosError('invalid_text', 'The text contains NUL or broken Unicode (half a surrogate pair).', {
    // Joined here only: for each of many values below long keys it would cost more than all else.
    field: path.join('.'),
  });
}

function requireFinite(value: number, path: readonly string[]): void {
  if (Number.isFinite(value)) return;
  throw new AgosError('validation_failed', 'The number is out of range.', { field: path.join('.') });
}

/** The refusal of a field that a route does not know. */
export function unknownField(field: string): AgosError {
  return new AgosError('unknown_field', `There is no field "${field}" here.`, { field });
}
