ALTER TABLE alerts FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- What was raised, and when, is never rewritten, and nothing is removed.
GRANT SELECT, INSERT, UPDATE (status, summary, count, last_seen_at, acknowledged_at, acknowledged_by,
  acknowledged_note, resolved_at, resolution, resolved_by, resolved_note) ON alerts TO agos_app;
--> statement-breakpoint
-- FORCE binds the owner too: `agos alerts --global` reads and changes the alerts of the installation, and no tenant's.
CREATE POLICY alerts_owner ON alerts TO CURRENT_USER
  USING (tenant_id = '00000000-0000-0000-0000-000000000000')
  WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000');
--> statement-breakpoint
ALTER TABLE alerts ADD CONSTRAINT alerts_life CHECK (
  (status = 'resolved') = (resolved_at IS NOT NULL)
  AND (resolved_at IS NULL) = (resolution IS NULL)
  AND (resolution IS NOT DISTINCT FROM 'person') = (resolved_by IS NOT NULL)
  AND (acknowledged_at IS NULL) = (acknowledged_by IS NULL)
  AND (status <> 'acknowledged' OR acknowledged_at IS NOT NULL)
  AND (status <> 'raised' OR acknowledged_at IS NULL));
--> statement-breakpoint
ALTER TABLE alerts ADD CONSTRAINT alerts_counted CHECK (count > 0 AND severity IN ('warning', 'critical'));
--> statement-breakpoint
ALTER TABLE runs ADD CONSTRAINT runs_task_failures CHECK (task_failures >= 0);
--> statement-breakpoint
-- Made by the tenant itself, so that only who sees all of it sees the event: an alert counts everybody's leads.
CREATE FUNCTION agos_events_of_alert() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.agos_append_event(NEW.tenant_id, 'alert.' || NEW.status, NEW.tenant_id, '{}',
    jsonb_build_object('alert_id', NEW.id, 'kind', NEW.kind, 'subject', NEW.subject, 'severity', NEW.severity,
      'count', NEW.count, 'summary', NEW.summary, 'resolution', NEW.resolution));
  RETURN NULL;
END $$;
--> statement-breakpoint
-- The installation is no tenant and has no event log.
CREATE CONSTRAINT TRIGGER alerts_raised_events AFTER INSERT ON alerts DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.tenant_id <> '00000000-0000-0000-0000-000000000000')
  EXECUTE FUNCTION agos_events_of_alert();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER alerts_changed_events AFTER UPDATE ON alerts DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.status <> NEW.status AND NEW.tenant_id <> '00000000-0000-0000-0000-000000000000')
  EXECUTE FUNCTION agos_events_of_alert();
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_events_of_alert() FROM PUBLIC;
--> statement-breakpoint
-- The number of the oldest event that is kept of the transaction's tenant, also one that its actor may not see.
CREATE FUNCTION agos_event_floor() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(min(e.seq), 1) FROM public.events e WHERE e.tenant_id = (SELECT public.agos_tenant())
$$;
--> statement-breakpoint
-- Removes the oldest events of the transaction's tenant, in the order of their numbers, so that what is kept has
-- no gap. The newest stays for ever: the next number is counted from it.
CREATE FUNCTION agos_forget_events(older_than timestamptz, most integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  mine uuid := public.agos_tenant();
  moment timestamptz := least(older_than, now() - interval '7 days');
  last_old bigint;
  removed integer;
BEGIN
  WITH oldest AS (
    SELECT e.seq, e.at FROM public.events e WHERE e.tenant_id = mine ORDER BY e.seq LIMIT most
  )
  SELECT max(o.seq) INTO last_old FROM oldest o
    WHERE o.seq < coalesce((SELECT min(k.seq) FROM oldest k WHERE k.at >= moment), 'infinity'::numeric);
  DELETE FROM public.events e WHERE e.tenant_id = mine AND e.seq <= last_old
    AND e.seq < (SELECT max(h.seq) FROM public.events h WHERE h.tenant_id = mine);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_forget_run_steps(older_than timestamptz, most integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed integer;
BEGIN
  DELETE FROM public.run_steps s WHERE (s.tenant_id, s.id) IN (
    SELECT o.tenant_id, o.id FROM public.run_steps o
      WHERE o.ended_at < least(older_than, now() - interval '7 days')
      ORDER BY o.ended_at LIMIT most FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $$;
--> statement-breakpoint
-- What is reserved has not ended and stays; the sums of the days stay in `spend_days`.
CREATE FUNCTION agos_forget_spend_entries(older_than timestamptz, most integer) RETURNS integer
  LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed integer;
BEGIN
  DELETE FROM public.spend_entries s WHERE (s.tenant_id, s.id) IN (
    SELECT o.tenant_id, o.id FROM public.spend_entries o
      WHERE o.ended_at < least(older_than, now() - interval '62 days')
      ORDER BY o.ended_at LIMIT most FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $$;
--> statement-breakpoint
-- FORCE binds the owner, and with it the functions above.
CREATE POLICY run_steps_owner_forgets ON run_steps TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY spend_entries_owner_forgets ON spend_entries TO CURRENT_USER USING (true);
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_event_floor(), agos_forget_events(timestamptz, integer),
  agos_forget_run_steps(timestamptz, integer), agos_forget_spend_entries(timestamptz, integer) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_event_floor(), agos_forget_events(timestamptz, integer),
  agos_forget_run_steps(timestamptz, integer), agos_forget_spend_entries(timestamptz, integer) TO agos_app;
