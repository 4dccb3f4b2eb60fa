import { readFileSync } from 'node:fs';

/** A statement as one of the two runtime roles sends it, its values as $1, $2, ... */
export type Statement = { role: 'agos_app' | 'agos_system'; sql: string };

/** Settings of PostgreSQL with which its log can be read by `readStatements`. */
export const LOG_SETTINGS = { log_statement: "'all'", log_line_prefix: "'@%u@ '" };

const LOGGED = /^@(agos_app|agos_system)@ LOG: {2}(?:statement|execute [^:]+): ([\s\S]*)$/;
/** What opens and ends a transaction names no table. */
const PLAIN = /^(begin|commit|rollback|listen|select 1$)/i;

/** Settings of the transaction, in one message with the statement that is of interest. */
const SETTINGS = /^select set_config[^;]*;/;

/** The statements in a server's log, each shape once, in the order of their text. */
export function readStatements(logFile: string): Statement[] {
  const byShape = new Map<string, Statement>();
  // A line that begins with a tab goes on from the one before.
  for (const entry of readFileSync(logFile, 'utf8').split(/\n(?!\t)/)) {
    const [, role, text = ''] = LOGGED.exec(entry) ?? [];
    const sql = text.replaceAll('\n\t', '\n').replace(SETTINGS, '').trim();
    if (role === undefined || PLAIN.test(sql)) continue;
    const shape = `${role} ${sql.replace(/\$\d+(, \$\d+)*/g, '$').replace(/(\(\$[^)]*\), )+/g, '')}`;
    if (!byShape.has(shape)) byShape.set(shape, { role: role as Statement['role'], sql });
  }
  return [...byShape.values()].sort((a, b) => (a.sql < b.sql ? -1 : 1));
}

/** The table of an insert and the columns that it names, or null for any other statement. */
export function insertOf({ sql }: Statement): { table: string; columns: string[] } | null {
  const [, table, columns] = /^insert into "?(\w+)"? \(([^)]+)\)/i.exec(sql) ?? [];
  if (!table || !columns) return null;
  return { table, columns: columns.split(',').map((name) => name.trim().replaceAll('"', '')) };
}
