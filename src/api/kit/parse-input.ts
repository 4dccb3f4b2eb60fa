import type { z } from '@hono/zod-openapi';
import { AgosError, ERROR_CODES, type ErrorCode } from '../../kernel/errors.ts';
import { requireText, unknownField } from './hostile-json.ts';

type Issue = z.core.$ZodIssue;

/** An answer must not grow with the number of mistakes in what was sent. */
export const MOST_ISSUES = 20;

/** Checks a value against a schema; throws the specific code of what is wrong, naming the fields. */
export function parseInput(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw toError(result.error.issues);
}

/** The query's parameters as an object; throws when one is given twice, unknown or broken text. */
export function parseQuery(schema: z.ZodObject | undefined, params: URLSearchParams): unknown {
  const value: Record<string, string> = {};
  for (const [name, text] of params) {
    if (!schema || !Object.hasOwn(schema.shape, name)) throw unknownField(name);
    if (Object.hasOwn(value, name)) {
      throw new AgosError('validation_failed', `"${name}" may be given once.`, { field: name });
    }
    requireText(text, [name]);
    value[name] = text;
  }
  return schema ? parseInput(schema, value) : {};
}

function toError(issues: readonly Issue[]): AgosError {
  const found = issues.slice(0, MOST_ISSUES).flatMap(describe).slice(0, MOST_ISSUES);
  const [first] = found;
  if (!first) return new AgosError('validation_failed', 'The input is not valid.');
  const more = issues.reduce((sum, issue) => sum + countOf(issue), 0) - found.length;
  return new AgosError(first.code, first.message, {
    field: first.field,
    ...(found.length > 1 && { issues: found }),
    ...(more > 0 && { more_issues: more }),
  });
}

const countOf = (issue: Issue): number => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1);

function describe(issue: Issue): { field: string; code: ErrorCode; message: string }[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MOST_ISSUES).map((key) => {
      const field = [...path, key].join('.');
      return { field, code: 'unknown_field', message: unknownField(field).message };
    });
  }
  const field = path.join('.');
  return [{ field, code: codeOf(issue), message: sentence(issue, field) }];
}

/** A schema names its own code by `params: { code }` of a refinement; else the field's name decides. */
function codeOf(issue: Issue): ErrorCode {
  const named = issue.code === 'custom' ? issue.params?.code : undefined;
  return typeof named === 'string' && Object.hasOwn(ERROR_CODES, named)
    ? (named as ErrorCode)
    : 'validation_failed';
}

function sentence(issue: Issue, field: string): string {
  const text = issue.message.replace(/[.]$/, '');
  if (issue.code === 'custom') return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
  return field === '' ? `The body is not valid: ${text}.` : `"${field}" is not valid: ${text}.`;
}
