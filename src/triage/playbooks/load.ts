import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Playbook, playbookSchema, technologyTableSchema } from './schema.ts';

const TECHNOLOGIES_FILE = 'technologies.yaml';

/** A playbook that cannot be used: which file, which line, why. */
export class PlaybookError extends Error {
  readonly file: string;
  readonly line: number;
  readonly reason: string;

  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line}: ${reason}`);
    this.name = 'PlaybookError';
    this.file = file;
    this.line = line;
    this.reason = reason;
  }
}

/** Reads one YAML text against a schema; the first fault stops it with file, line and reason. */
export function parsePlaybookFile<T>(file: string, text: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken)
    throw new PlaybookError(file, lineAt(broken.pos[0]), broken.message.split('\n')[0] ?? 'bad YAML');
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 20 }));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])];
  const reason = unknownKey === undefined ? issue?.message : 'is not a known field';
  throw new PlaybookError(
    file,
    lineAt(offsetOf(document, path)),
    `${path.join('.') || 'the file'}: ${reason}`,
  );
}

/** Offset of the deepest part of the path that the text has. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

/** Loads and validates every playbook of a folder; a bad one stops it with file, line and reason. */
export function loadPlaybooks(folder: string = import.meta.dirname): Playbook[] {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const { technologies } = parsePlaybookFile(
    TECHNOLOGIES_FILE,
    read(TECHNOLOGIES_FILE),
    technologyTableSchema,
  );
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== TECHNOLOGIES_FILE);
  const playbooks = files.sort().map((file) => {
    const playbook = parsePlaybookFile(file, read(file), playbookSchema);
    if (playbook.slug !== basename(file, '.yaml')) {
      throw new PlaybookError(file, 1, `slug: must be "${basename(file, '.yaml')}" like the file's name`);
    }
    return { ...playbook, technologies };
  });
  const defaults = playbooks.filter((playbook) => playbook.is_default);
  if (defaults.length !== 1) {
    const file = `${defaults[1]?.slug ?? files[0] ?? 'triage-standard'}`.replace(/(\.yaml)?$/, '.yaml');
    throw new PlaybookError(
      file,
      1,
      `is_default: exactly one playbook must be the default, found ${defaults.length}`,
    );
  }
  return playbooks;
}
