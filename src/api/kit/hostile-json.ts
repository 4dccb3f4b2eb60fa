import { AgosError } from '../../kernel/errors.ts';

const MAX_DEPTH = 64;

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

/** Refuses values that no column can hold: broken Unicode, NUL, numbers beyond range, prototype keys. */
export function refuseHostileText(value: unknown, path: string[] = []): void {
  if (typeof value === 'string') requireText(value, path.join('.'));
  else if (typeof value === 'number') requireFinite(value, path.join('.'));
  else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      refuseHostileText(item, [...path, String(index)]);
    });
  } else if (value !== null && typeof value === 'object') {
    for (const [key, item] of Object.entries(value)) {
      requireText(key, path.join('.'));
      if (key === '__proto__') throw unknownField([...path, key].join('.'));
      refuseHostileText(item, [...path, key]);
    }
  }
}

/** Throws `invalid_text` for text that is not well-formed Unicode or contains NUL. */
export function requireText(text: string, field: string): void {
  if (text.isWellFormed() && !text.includes('\0')) return;
  throw new AgosError('invalid_text', 'The text contains NUL or broken Unicode (half a surrogate pair).', {
    field,
  });
}

function requireFinite(value: number, field: string): void {
  if (Number.isFinite(value)) return;
  throw new AgosError('validation_failed', 'The number is out of range.', { field });
}

/** The refusal of a field that a route does not know. */
export function unknownField(field: string): AgosError {
  return new AgosError('unknown_field', `There is no field "${field}" here.`, { field });
}
