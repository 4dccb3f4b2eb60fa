-- Requests of many tenants are counted by one statement; the function before it, of migration 0019, is still
-- called by processes of the build before. FORCE binds the owner, and with it this function.
CREATE POLICY request_buckets_owner_count ON request_buckets TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
-- By the rules of src/control/rate-limits/rules.ts. Rows are made, and then held, in the order of their tenants,
-- so that two processes never wait for each other. The clock is read once all are held, so that whoever comes
-- later never counts with an earlier moment. Who holds one of the rows for longer, by hand, makes all others wait
-- for a second and no more.
CREATE FUNCTION agos_take_requests(tenants uuid[], per_minute integer[], burst integer[], wanted integer[])
  RETURNS TABLE (tenant uuid, granted integer, used bigint)
  LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s'
  AS $$
DECLARE
  part CONSTANT bigint := 60000;
  moment timestamptz;
BEGIN
  -- Also on a replica, where an unlogged table cannot even be looked at.
  IF current_setting('transaction_read_only')::boolean THEN
    RAISE read_only_sql_transaction;
  END IF;
  INSERT INTO public.request_buckets (tenant_id, used, measured_at)
    SELECT a.id, 0, clock_timestamp() FROM unnest(tenants) AS a (id)
      WHERE NOT EXISTS (SELECT 1 FROM public.request_buckets b WHERE b.tenant_id = a.id)
      ORDER BY a.id
    ON CONFLICT DO NOTHING;
  PERFORM 1 FROM public.request_buckets b WHERE b.tenant_id = ANY (tenants) ORDER BY b.tenant_id FOR UPDATE;
  moment := date_trunc('milliseconds', clock_timestamp());
  RETURN QUERY
    WITH found AS (
      SELECT a.id, a.most * part AS most, a.wanted, greatest(0, least(b.used, a.most * part)
        - greatest(0, floor(extract(epoch from moment - b.measured_at) * 1000)::bigint) * a.per_minute) AS used
      FROM unnest(tenants, per_minute, burst, wanted) AS a (id, per_minute, most, wanted)
      JOIN public.request_buckets b ON b.tenant_id = a.id
    ), counted AS (
      SELECT f.id, f.used, least(f.wanted, (f.most - f.used) / part)::integer AS granted FROM found f
    )
    UPDATE public.request_buckets b SET used = c.used + c.granted * part, measured_at = moment
      FROM counted c WHERE b.tenant_id = c.id
      RETURNING c.id, c.granted, b.used;
END
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_take_requests(uuid[], integer[], integer[], integer[]) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_take_requests(uuid[], integer[], integer[], integer[]) TO agos_app;
