-- No write of it reaches the log or waits for the disk; a crash of the server forgives what was asked before.
ALTER TABLE request_buckets SET UNLOGGED;
--> statement-breakpoint
ALTER TABLE request_buckets FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (used, measured_at) ON request_buckets TO agos_app;
--> statement-breakpoint
ALTER TABLE request_buckets ADD CONSTRAINT request_buckets_used CHECK (used >= 0);
--> statement-breakpoint
-- Counts requests against the bucket of the transaction's tenant, by the rules of src/control/rate-limits/rules.ts.
-- The clock is read once the row is held, so that whoever comes later never counts with an earlier moment.
CREATE FUNCTION agos_count_requests(per_minute integer, burst integer, wanted integer, OUT granted integer, OUT used bigint)
  LANGUAGE plpgsql STRICT
  AS $$
DECLARE
  part CONSTANT bigint := 60000;
  since timestamptz;
  moment timestamptz;
BEGIN
  -- Also on a replica, where an unlogged table cannot even be looked at.
  IF current_setting('transaction_read_only')::boolean THEN
    RAISE read_only_sql_transaction;
  END IF;
  INSERT INTO public.request_buckets (tenant_id, used, measured_at)
    VALUES (public.agos_tenant(), 0, clock_timestamp()) ON CONFLICT DO NOTHING;
  SELECT b.used, b.measured_at INTO used, since FROM public.request_buckets b
    WHERE b.tenant_id = public.agos_tenant() FOR UPDATE;
  moment := date_trunc('milliseconds', clock_timestamp());
  used := greatest(0, least(used, burst * part)
    - greatest(0, floor(extract(epoch from moment - since) * 1000)::bigint) * per_minute);
  granted := least(wanted, (burst * part - used) / part);
  used := used + granted * part;
  UPDATE public.request_buckets b SET used = agos_count_requests.used, measured_at = moment
    WHERE b.tenant_id = public.agos_tenant();
END
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_count_requests(integer, integer, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_count_requests(integer, integer, integer) TO agos_app;
