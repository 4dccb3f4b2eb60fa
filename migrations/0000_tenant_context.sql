-- What row-level security reads: set for one transaction by the first door to the database.
CREATE FUNCTION agos_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('agos.tenant_id', true), '')::uuid $$;
--> statement-breakpoint
CREATE FUNCTION agos_principal() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('agos.principal_id', true), '')::uuid $$;
--> statement-breakpoint
CREATE FUNCTION agos_sees_all() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT coalesce(nullif(current_setting('agos.sees_all', true), ''), 'off') = 'on' $$;
