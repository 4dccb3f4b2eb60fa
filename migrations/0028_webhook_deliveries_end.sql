-- A delivery goes with its event: what is sent again is read from the log. Also one that still waits for an
-- endpoint that was turned off so long ago.
CREATE FUNCTION agos_forget_webhook_deliveries(older_than timestamptz, most integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed integer;
BEGIN
  WITH old AS (
    SELECT d.tenant_id, d.id FROM public.webhook_deliveries d
      WHERE d.event_at < least(older_than, now() - interval '7 days')
      ORDER BY d.event_at LIMIT most FOR UPDATE SKIP LOCKED
  ), without_attempts AS (
    DELETE FROM public.webhook_attempts a USING old
      WHERE a.tenant_id = old.tenant_id AND a.delivery_id = old.id
  )
  DELETE FROM public.webhook_deliveries d USING old WHERE d.tenant_id = old.tenant_id AND d.id = old.id;
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $$;
--> statement-breakpoint
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (event_at);
--> statement-breakpoint
-- FORCE binds the owner, and with it the function above.
CREATE POLICY webhook_deliveries_owner_forgets ON webhook_deliveries TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY webhook_attempts_owner_forgets ON webhook_attempts TO CURRENT_USER USING (true);
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_forget_webhook_deliveries(timestamptz, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_forget_webhook_deliveries(timestamptz, integer) TO agos_app;
