import postgres from 'postgres';

/** The role the API and the workers run as: row-level security binds it, and it owns nothing. */
export const RUNTIME_ROLE = 'agos_app';
/** The role of the second door, which reads the few tables granted to it across tenants. */
export const SYSTEM_ROLE = 'agos_system';

const ATTRIBUTES = 'LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION';
const INSUFFICIENT_PRIVILEGE = '42501';

/** The admin connection may not set roles up; `sql` is what a database administrator has to run. */
export class RolesNotPermittedError extends Error {
  readonly sql: string;

  constructor(sql: string) {
    super(
      'DATABASE_ADMIN_URL may not set up the roles. Have an administrator run this SQL with passwords of your ' +
        `own, set DATABASE_URL and DATABASE_SYSTEM_URL to these roles, and migrate again:\n${sql}`,
    );
    this.name = 'RolesNotPermittedError';
    this.sql = sql;
  }
}

export type RolePasswords = { runtimePassword: string; systemPassword: string };
export type RoleUrls = { url: string; systemUrl: string };

/** Makes both runtime roles, or repairs what is wrong with them, and returns how to connect as them. */
export async function createRoles(adminUrl: string, passwords: RolePasswords): Promise<RoleUrls> {
  const wanted = [
    { role: RUNTIME_ROLE, password: passwords.runtimePassword },
    { role: SYSTEM_ROLE, password: passwords.systemPassword },
  ].map((one) => ({ ...one, url: withLogin(adminUrl, one.role, one.password) }));
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    await sql.begin(async (tx) => {
      // Two migrations at once would otherwise meet in pg_authid ("tuple concurrently updated").
      await tx`select pg_advisory_xact_lock(hashtext('agos roles'))`;
      const changes: RoleChange[] = [];
      for (const one of wanted) changes.push(...(await changeFor(tx, one)));
      await apply(tx, changes);
    });
  } finally {
    await sql.end({ timeout: 5 });
  }
  return { url: wanted[0]!.url, systemUrl: wanted[1]!.url };
}

type WantedRole = { role: string; password: string; url: string };
/** A statement that still lacks its password. */
type RoleChange = { role: string; password: string; statement: string };

/** What makes a role as it should be; nothing where it is. */
async function changeFor(tx: postgres.TransactionSql, wanted: WantedRole): Promise<RoleChange[]> {
  const { role, password, url } = wanted;
  const [found] = await tx<{ rolsuper: boolean; rolbypassrls: boolean }[]>`
    select rolsuper, rolbypassrls from pg_roles where rolname = ${role}`;
  if (!found) return [{ role, password, statement: `CREATE ROLE ${role} ${ATTRIBUTES}` }];
  // Naming an attribute takes the right to change it, even to its present value: name it only if it is wrong.
  const repairs = [found.rolsuper && ' NOSUPERUSER', found.rolbypassrls && ' NOBYPASSRLS'].filter(Boolean);
  // An administrator may have made it for an owner who may not touch it: what works is left alone.
  if (repairs.length === 0 && (await canLogIn(url))) return [];
  return [{ role, password, statement: `ALTER ROLE ${role} LOGIN${repairs.join('')}` }];
}

async function canLogIn(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    await sql`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

async function apply(tx: postgres.TransactionSql, changes: readonly RoleChange[]): Promise<void> {
  try {
    for (const { statement, password } of changes) {
      const [literal] = await tx<{ text: string }[]>`select quote_literal(${password}) as text`;
      await tx.unsafe(`${statement} PASSWORD ${literal!.text}`);
    }
  } catch (error) {
    if ((error as { code?: string }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new RolesNotPermittedError(
      changes.map(({ role, statement }) => `${statement} PASSWORD '<a password for ${role}>';`).join('\n'),
    );
  }
}

function withLogin(adminUrl: string, role: string, password: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}
