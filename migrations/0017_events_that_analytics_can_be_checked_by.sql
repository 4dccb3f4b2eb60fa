-- Analytics counts rows, by UTC days. Events say the row's own day, since their moment is the commit's: folding
-- the log gives the same figures.
ALTER TABLE lead_stays FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY lead_stays_owner ON lead_stays TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT ON lead_stays TO agos_app;
--> statement-breakpoint
CREATE FUNCTION agos_utc_day(moment timestamptz) RETURNS text LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp AS $$ SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD') $$;
--> statement-breakpoint
-- A transaction that waited for the lead may have begun before the one that moved it last.
CREATE FUNCTION agos_stay_ms(since timestamptz, until timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT greatest(0, round(extract(epoch FROM until - since) * 1000))::bigint
$$;
--> statement-breakpoint
CREATE FUNCTION agos_keep_stay() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.lead_stays (tenant_id, id, lead_id, status, moved_to, left_at, stayed_ms, created_by)
    VALUES (NEW.tenant_id, public.agos_new_id(clock_timestamp()), NEW.id, OLD.status, NEW.status,
      NEW.status_changed_at, public.agos_stay_ms(OLD.status_changed_at, NEW.status_changed_at), NEW.created_by);
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER leads_keep_stay AFTER UPDATE ON leads FOR EACH ROW WHEN (OLD.status <> NEW.status)
  EXECUTE FUNCTION agos_keep_stay();
--> statement-breakpoint
CREATE OR REPLACE FUNCTION agos_events_of_lead() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fields jsonb;
  subjects jsonb := jsonb_build_object('lead', NEW.id);
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.created', NEW.created_by,
      subjects || jsonb_build_object('batch', NEW.batch_id),
      jsonb_build_object('domain', NEW.domain, 'source', NEW.source, 'day', public.agos_utc_day(NEW.created_at)));
    RETURN NULL;
  END IF;
  IF OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.deleted', NEW.created_by, subjects, '{}');
  END IF;
  -- Only a run writes these: see `scan-status.ts`.
  IF OLD.status <> NEW.status THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.status_changed', NEW.created_by,
      subjects || jsonb_build_object('run', NEW.current_run_id),
      jsonb_build_object('from', OLD.status, 'to', NEW.status, 'score', NEW.score,
        'day', public.agos_utc_day(NEW.status_changed_at),
        'stayed_ms', public.agos_stay_ms(OLD.status_changed_at, NEW.status_changed_at)));
  END IF;
  IF NEW.hold_code IS NOT NULL AND NEW.hold_since IS DISTINCT FROM OLD.hold_since THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.held', NEW.created_by,
      subjects || jsonb_build_object('run', NEW.current_run_id), jsonb_build_object('code', NEW.hold_code));
  END IF;
  SELECT jsonb_agg(field ORDER BY field) INTO fields FROM (VALUES
      ('company_name', OLD.company_name IS DISTINCT FROM NEW.company_name),
      ('industry', OLD.industry IS DISTINCT FROM NEW.industry),
      ('notes', OLD.notes IS DISTINCT FROM NEW.notes),
      ('metadata', OLD.metadata IS DISTINCT FROM NEW.metadata),
      ('assigned_to', OLD.assigned_to IS DISTINCT FROM NEW.assigned_to)
    ) AS known (field, changed) WHERE changed;
  IF fields IS NOT NULL THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.updated', NEW.created_by, subjects,
      jsonb_build_object('fields', fields));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_agent_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  subjects jsonb := jsonb_build_object('audit', NEW.audit_id, 'lead', NEW.lead_id, 'run', NEW.run_id);
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'agent_run.started', NEW.created_by, subjects,
      jsonb_build_object('agent_run', NEW.id, 'agent', NEW.agent_slug, 'version', NEW.agent_version,
        'room', NEW.room, 'day', public.agos_utc_day(NEW.started_at)));
  ELSIF NEW.status <> 'running' THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'agent_run.' || NEW.status, NEW.created_by, subjects,
      jsonb_build_object('agent_run', NEW.id, 'duration_ms', NEW.duration_ms));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_model_call() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.agos_append_event(NEW.tenant_id, 'model_call.answered', NEW.created_by,
    jsonb_build_object('lead', NEW.lead_id),
    jsonb_build_object('agent_run', NEW.agent_run_id, 'input_tokens', NEW.input_tokens,
      'output_tokens', NEW.output_tokens, 'day', public.agos_utc_day(NEW.created_at)));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_spend() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.agos_append_event(NEW.tenant_id, 'spend.settled', NEW.created_by,
    jsonb_build_object('audit', NEW.audit_id, 'lead', NEW.lead_id),
    jsonb_build_object('kind', NEW.kind, 'micro_usd', NEW.spent_micro_usd, 'day', NEW.day));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER agent_runs_started_events AFTER INSERT ON agent_runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_agent_run();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER agent_runs_ended_events AFTER UPDATE ON agent_runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN ((OLD.status, OLD.duration_ms) IS DISTINCT FROM (NEW.status, NEW.duration_ms))
  EXECUTE FUNCTION agos_events_of_agent_run();
--> statement-breakpoint
-- What no model answered has used no tokens.
CREATE CONSTRAINT TRIGGER model_calls_answered_events AFTER INSERT ON model_calls DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.input_tokens + NEW.output_tokens > 0) EXECUTE FUNCTION agos_events_of_model_call();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER spend_entries_settled_events AFTER UPDATE ON spend_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.state <> 'settled' AND NEW.state = 'settled') EXECUTE FUNCTION agos_events_of_spend();
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_utc_day(timestamptz), agos_stay_ms(timestamptz, timestamptz), agos_keep_stay(),
  agos_events_of_agent_run(), agos_events_of_model_call(), agos_events_of_spend() FROM PUBLIC;
