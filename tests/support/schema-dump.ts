import postgres from 'postgres';

/** What a migration makes, each as lines of text: equal dumps are equal schemas. */
const PARTS: Record<string, string> = {
  columns: `select format('%s.%s %s %s default %s', table_name, column_name, data_type, is_nullable, column_default)
    from information_schema.columns where table_schema = 'public'`,
  constraints: `select format('%s %s', conname, pg_get_constraintdef(oid)) from pg_constraint
    where connamespace = 'public'::regnamespace`,
  indexes: `select indexdef from pg_indexes where schemaname = 'public'`,
  functions: `select pg_get_functiondef(oid) || coalesce(proacl::text, '') from pg_proc
    where pronamespace = 'public'::regnamespace and prokind = 'f'`,
  triggers: `select pg_get_triggerdef(t.oid) from pg_trigger t where not tgisinternal`,
  policies: `select row_to_json(p)::text from pg_policies p where schemaname = 'public'`,
  tables: `select format('%s %s %s %s', relname, relrowsecurity, relforcerowsecurity, relacl) from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S')`,
  column_grants: `select format('%s.%s %s', c.relname, a.attname, a.attacl) from pg_attribute a
    join pg_class c on c.oid = a.attrelid where c.relnamespace = 'public'::regnamespace and a.attacl is not null`,
  schemas: `select format('%s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_(temp|toast)'`,
  extensions: `select extname || ' ' || extversion from pg_extension`,
  migrations: `select format('%s %s', hash, created_at) from drizzle.__drizzle_migrations`,
  playbooks: `select format('%s %s %s', slug, version, config) from playbooks`,
  agents: `select format('%s %s', slug, version) from agents`,
};

/** Everything that `agos migrate` makes of a database, sorted; one list for each kind of thing. */
export async function dumpSchema(adminUrl: string): Promise<Record<string, string[]>> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const dump: Record<string, string[]> = {};
    for (const [part, query] of Object.entries(PARTS)) {
      const rows = await sql.unsafe(query).values();
      dump[part] = rows.map(([text]) => String(text)).sort();
    }
    return dump;
  } finally {
    await sql.end({ timeout: 5 });
  }
}
