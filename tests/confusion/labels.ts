import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SIGNAL_CODES } from '../../src/triage/signals/codes.ts';

/** `null`: the page alone does not tell, so the signal is not judged. */
const judgement = z.object({ expected: z.boolean().nullable(), why: z.string() });

const labelsSchema = z.object({
  hold: z.string().nullable(),
  near_miss_of: z.array(z.enum(SIGNAL_CODES)).default([]),
  signals: z.partialRecord(z.enum(SIGNAL_CODES), judgement),
});

export type Labels = z.infer<typeof labelsSchema>;

/** Reads what a person said of a site; what else stands in the file does not concern the table. */
export function readLabels(folder: string): Labels {
  return labelsSchema.parse(JSON.parse(readFileSync(join(folder, 'labels.json'), 'utf8')));
}
