-- The extension may stand in any schema: `migrate` creates it, or an administrator has.
DO $$
DECLARE home text;
BEGIN
  SELECT n.nspname INTO STRICT home FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
  EXECUTE format('CREATE INDEX leads_search ON leads USING gin (domain %1$I.gin_trgm_ops,
    company_name %1$I.gin_trgm_ops) WHERE deleted_at IS NULL', home);
END $$;
--> statement-breakpoint
-- FORCE binds the owner, and with it the function below: it filters by itself, so that the index can be used.
CREATE POLICY leads_owner_search ON leads FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
-- ILIKE is not leakproof, so under a policy no index serves it. This function runs as the owner and applies the
-- rule of the policy `leads_visible` to the tenant and actor of the transaction: no argument can name others.
-- Text without three letters in a row has no trigram; then the tenant's own leads are fewer than the index.
CREATE FUNCTION agos_search_leads(query text) RETURNS SETOF uuid
  LANGUAGE sql STABLE STRICT SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp
  AS $$
    WITH pattern AS MATERIALIZED (
      SELECT '%' || replace(replace(replace(query, '\', '\\'), '%', '\%'), '_', '\_') || '%' AS text
    )
    SELECT l.id FROM public.leads l
      WHERE query ~ '[[:alnum:]]{3}'
        AND (l.domain ILIKE (SELECT text FROM pattern) OR l.company_name ILIKE (SELECT text FROM pattern))
        AND l.deleted_at IS NULL AND l.tenant_id = (SELECT public.agos_tenant())
        AND ((SELECT public.agos_sees_all()) OR l.created_by = (SELECT public.agos_principal())
          OR l.assigned_to = (SELECT public.agos_principal()))
    UNION ALL
    SELECT l.id FROM public.leads l
      WHERE query !~ '[[:alnum:]]{3}'
        AND ((l.domain || '') ILIKE (SELECT text FROM pattern)
          OR (l.company_name || '') ILIKE (SELECT text FROM pattern))
        AND l.deleted_at IS NULL AND l.tenant_id = (SELECT public.agos_tenant())
        AND ((SELECT public.agos_sees_all()) OR l.created_by = (SELECT public.agos_principal())
          OR l.assigned_to = (SELECT public.agos_principal()))
  $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_search_leads(text) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_search_leads(text) TO agos_app;
