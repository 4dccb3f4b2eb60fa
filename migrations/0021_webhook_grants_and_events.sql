ALTER TABLE webhook_endpoints FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE webhook_secrets FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE webhook_attempts FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON webhook_endpoints TO agos_app;
--> statement-breakpoint
-- A sealed secret is never rewritten, only retired.
GRANT SELECT, INSERT, DELETE, UPDATE (expires_at) ON webhook_secrets TO agos_app;
--> statement-breakpoint
-- Of which event a delivery is, and for whom, is never changed; nothing is deleted.
GRANT SELECT, INSERT, UPDATE (status, tries, next_attempt_at, status_code, error, delivered_at)
  ON webhook_deliveries TO agos_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (duration_ms, status_code, error, response_excerpt) ON webhook_attempts TO agos_app;
--> statement-breakpoint
GRANT SELECT ON webhook_endpoints TO agos_system;
--> statement-breakpoint
ALTER TABLE webhook_endpoints ADD CONSTRAINT webhook_endpoints_disabled_whole
  CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL) AND (status = 'disabled') = (disabled_at IS NOT NULL));
--> statement-breakpoint
ALTER TABLE webhook_deliveries ADD CONSTRAINT webhook_deliveries_status_known
  CHECK (status IN ('pending', 'delivered', 'failed'));
--> statement-breakpoint
CREATE FUNCTION agos_events_of_webhook_endpoint() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.agos_append_event(NEW.tenant_id, 'webhook_endpoint.disabled', NEW.created_by, '{}',
    jsonb_build_object('endpoint_id', NEW.id, 'reason', NEW.disabled_reason));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER webhook_endpoints_disabled_events AFTER UPDATE ON webhook_endpoints
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.status = 'enabled' AND NEW.status = 'disabled')
  EXECUTE FUNCTION agos_events_of_webhook_endpoint();
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_events_of_webhook_endpoint() FROM PUBLIC;
