import { z } from '@hono/zod-openapi';
import { AgosError } from '../../kernel/errors.ts';
import { dayAfter, dayCount, MAX_DAYS, type Range, rangeOf, USUAL_DAYS } from './rules.ts';

const dayInput = z.iso
  .date()
  .refine((day) => day >= '2000-01-01' && day < '9999-01-01', 'a day of the years 2000 to 9998');

/** Query fields of a range. */
export const rangeFields = {
  from: dayInput.optional().openapi({
    description: `First day, UTC; ${USUAL_DAYS} days when it is left out, ${MAX_DAYS} at most.`,
  }),
  to: dayInput.optional().openapi({ description: 'Last day, UTC; today when it is left out.' }),
};

/** What every answer says of its range. */
export const rangeView = { from: z.iso.date(), to: z.iso.date() };

/** The range that a query asks for; throws `validation_failed` when it ends before it begins or is too long. */
export function readRange(query: { from?: string | undefined; to?: string | undefined }, now: Date): Range {
  const to = query.to ?? now.toISOString().slice(0, 10);
  const range = rangeOf(query.from ?? dayAfter(to, 1 - USUAL_DAYS), to);
  const days = dayCount(range);
  if (days >= 1 && days <= MAX_DAYS) return range;
  const sentence =
    days < 1 ? `The range ends before it begins, on ${range.to}.` : `A range has ${MAX_DAYS} days at most.`;
  throw new AgosError('validation_failed', sentence, { field: 'from' });
}
