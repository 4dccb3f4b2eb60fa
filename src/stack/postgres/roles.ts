import postgres from 'postgres';

/** The role the API and the workers run as: row-level security binds it, and it owns nothing. */
export const RUNTIME_ROLE = 'agos_app';
/** The role of the second door, which reads the few tables granted to it across tenants. */
export const SYSTEM_ROLE = 'agos_system';

const ATTRIBUTES = 'LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION';
const INSUFFICIENT_PRIVILEGE = '42501';

/** The admin connection may not create roles; `sql` is what a database administrator has to run. */
export class RolesNotPermittedError extends Error {
  readonly sql: string;

  constructor(sql: string) {
    super(
      'DATABASE_ADMIN_URL may not create roles. Have an administrator run this SQL with passwords of your own, ' +
        `then set DATABASE_URL and DATABASE_SYSTEM_URL to these roles:\n${sql}`,
    );
    this.name = 'RolesNotPermittedError';
    this.sql = sql;
  }
}

export type RolePasswords = { runtimePassword: string; systemPassword: string };
export type RoleUrls = { url: string; systemUrl: string };

/** Creates both runtime roles, or sets their passwords when they exist, and returns how to connect as them. */
export async function createRoles(adminUrl: string, passwords: RolePasswords): Promise<RoleUrls> {
  const { runtimePassword, systemPassword } = passwords;
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    await sql.begin(async (tx) => {
      // Two migrations at once would otherwise meet in pg_authid ("tuple concurrently updated").
      await tx`select pg_advisory_xact_lock(hashtext('agos roles'))`;
      await ensureRole(tx, RUNTIME_ROLE, runtimePassword);
      await ensureRole(tx, SYSTEM_ROLE, systemPassword);
    });
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE) {
      throw new RolesNotPermittedError(rolesSql());
    }
    throw error;
  } finally {
    await sql.end({ timeout: 5 });
  }
  return {
    url: withLogin(adminUrl, RUNTIME_ROLE, runtimePassword),
    systemUrl: withLogin(adminUrl, SYSTEM_ROLE, systemPassword),
  };
}

/** The SQL that makes both roles, for an administrator to run by hand. */
export function rolesSql(): string {
  return [RUNTIME_ROLE, SYSTEM_ROLE]
    .map((role) => `CREATE ROLE ${role} ${ATTRIBUTES} PASSWORD '<a password for ${role}>';`)
    .join('\n');
}

async function ensureRole(tx: postgres.TransactionSql, role: string, password: string): Promise<void> {
  const [literal] = await tx<{ text: string }[]>`select quote_literal(${password}) as text`;
  const [found] = await tx<{ rolsuper: boolean; rolbypassrls: boolean }[]>`
    select rolsuper, rolbypassrls from pg_roles where rolname = ${role}`;
  if (!found) {
    await tx.unsafe(`CREATE ROLE ${role} ${ATTRIBUTES} PASSWORD ${literal!.text}`);
    return;
  }
  // Naming an attribute takes the right to change it, even to its present value: name it only if it is wrong.
  const repairs = [found.rolsuper && 'NOSUPERUSER', found.rolbypassrls && 'NOBYPASSRLS'].filter(Boolean);
  await tx.unsafe(`ALTER ROLE ${role} LOGIN ${repairs.join(' ')} PASSWORD ${literal!.text}`);
}

function withLogin(adminUrl: string, role: string, password: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.href;
}
