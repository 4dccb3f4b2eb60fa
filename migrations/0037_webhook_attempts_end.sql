ALTER TABLE "webhook_attempts" ADD COLUMN "ended_at" timestamp with time zone;--> statement-breakpoint
UPDATE webhook_attempts SET ended_at = started_at + make_interval(secs => coalesce(duration_ms, 0) / 1000.0)
  WHERE error IS NOT NULL OR status_code IS NOT NULL;
--> statement-breakpoint
CREATE INDEX "webhook_attempts_started" ON "webhook_attempts" USING btree ("started_at","tenant_id");
--> statement-breakpoint
-- By the server's clock, as the switch's times are, and for workers of the release before as well.
CREATE FUNCTION agos_end_webhook_attempt() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.ended_at := CASE WHEN NEW.error IS NULL AND NEW.status_code IS NULL THEN NULL ELSE clock_timestamp() END;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER webhook_attempts_end BEFORE UPDATE OF error, status_code ON webhook_attempts
  FOR EACH ROW EXECUTE FUNCTION agos_end_webhook_attempt();
--> statement-breakpoint
-- FORCE binds the owner too: `agos kill --global` reads what was on its way, of every tenant.
CREATE POLICY webhook_attempts_owner_receipt ON webhook_attempts FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY webhook_deliveries_owner_receipt ON webhook_deliveries FOR SELECT TO CURRENT_USER USING (true);
