import { z } from '@hono/zod-openapi';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An id in a path: whatever is no id is answered like an unknown one. */
export const idParam = z
  .string()
  .refine((text) => UUID.test(text), { params: { code: 'not_found' }, message: 'no such id' })
  .openapi({ format: 'uuid', description: 'Id, a UUID.' });

/** Invisible and direction-changing characters make two identifiers look alike. */
const TREACHEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u;

/** An identifier from outside: visible characters only, no blanks around it, `max` characters at most. */
export const identifier = (max = 255) =>
  z
    .string()
    .refine(
      (text) => text.length >= 1 && text.length <= max && !TREACHEROUS.test(text) && text.trim() === text,
      {
        params: { code: 'identifier_invalid' },
        message: `an identifier has 1 to ${max} visible characters and none that hide or turn text`,
      },
    )
    .openapi({ minLength: 1, maxLength: max });

/** A slug in a path. */
export const slugParam = identifier(100);

/** A name for people: any script, one line. */
export const displayName = (max = 200) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), {
      params: { code: 'invalid_text' },
      message: 'a name is one line without control characters',
    });

/** A moment from outside, as a date that PostgreSQL can hold and every client can write. */
export const momentInput = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((moment) => moment.getUTCFullYear() >= 1 && moment.getUTCFullYear() <= 9999, {
    message: 'a moment lies in the years 1 to 9999, in UTC',
  });

/** A moment as it leaves the API. */
export const momentField = z.iso.datetime();

/** `true` or `false` in a query. */
export const flagParam = z.enum(['true', 'false']).transform((word) => word === 'true');
