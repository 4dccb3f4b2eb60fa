import { z } from 'zod';
import { SIGNAL_CODES } from '../signals/codes.ts';

const slug = z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, 'use lower-case letters, digits and hyphens');
const signalCode = z.enum(SIGNAL_CODES);
const points = z.number().min(0).max(100);
const seconds = (least: number, most: number) => z.number().min(least).max(most);

/** One technology that counts as outdated: below a version, or at any version when `below` is absent. */
export const technologySchema = z.strictObject({
  id: slug,
  name: z.string().min(1).max(60),
  below: z
    .string()
    .regex(/^\d+(\.\d+)*$/, 'write a version such as "3" or "2.4"')
    .optional(),
  why: z.string().min(10).max(300),
});

export const technologyTableSchema = z.strictObject({
  version: z.string().min(1),
  technologies: z.array(technologySchema).min(1),
});

/** Triage's own playbook: what a site is weighed by, never the order of the steps. */
export const playbookSchema = z.strictObject({
  slug,
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'write a version such as "1.0.0"'),
  name: z.string().min(3).max(120),
  description: z.string().min(10).max(500),
  /** Singular; an industry of which one is a part is meant too. */
  industry_tags: z.array(slug).max(300),
  /** Lower is tried first. */
  priority: z.number().int().min(0).max(1000),
  is_default: z.boolean(),
  threshold: z.number().min(0).max(100),
  /** Besides the threshold: at least one of `any` (when it has entries) and each of `all`. */
  required_signals: z.strictObject({ any: z.array(signalCode), all: z.array(signalCode) }),
  weights: z.strictObject(
    Object.fromEntries(SIGNAL_CODES.map((code) => [code, points])) as Record<
      (typeof SIGNAL_CODES)[number],
      typeof points
    >,
  ),
  /** Whether a score near the threshold waits for a person, and for how long. */
  review: z.strictObject({
    enabled: z.boolean(),
    within_points: z.number().min(0).max(50),
    expires_after_hours: z
      .number()
      .positive()
      .max(24 * 30),
  }),
  /** Within what the workflow's activities may take at all, so that each ends by itself and says why. */
  timeouts: z.strictObject({
    /** For the page with its redirects; without a scheme it may be asked for twice. */
    fetch_seconds: seconds(1, 45),
    /** For both passes together. */
    browser_seconds: seconds(15, 120),
    lighthouse_seconds: seconds(15, 240),
    /** For all links; those that were not asked in time stay unknown. */
    links_seconds: seconds(1, 90),
    /** For one answer of the model. */
    summary_seconds: seconds(5, 120),
  }),
  /** Optional checks; what is off is answered with "could not be told". */
  checks: z.strictObject({ links: z.boolean(), lighthouse: z.boolean() }),
});

export type Technology = z.infer<typeof technologySchema>;
export type TechnologyTable = z.infer<typeof technologyTableSchema>;

/** A playbook with the table of outdated technologies it judges by. */
export type Playbook = z.infer<typeof playbookSchema> & { technologies: Technology[] };
