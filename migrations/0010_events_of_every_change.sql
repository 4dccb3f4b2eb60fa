-- The event log is written by the database itself, from the changes of the rows: no writer can forget an event,
-- and none can write an event without a change.
ALTER TABLE events FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
CREATE POLICY events_owner ON events TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY lead_batches_owner_events ON lead_batches FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
-- Append-only: what the triggers below write is read, and nothing else.
GRANT SELECT ON events TO agos_app;
--> statement-breakpoint
-- Called while a transaction commits, by deferred triggers alone. The lock is the tenant's turn: the next one
-- gets it when this transaction's events can be seen, so numbers are seen in the order in which they are given.
-- It is the last lock that a transaction takes, so no two writers wait for each other.
CREATE FUNCTION agos_append_event(of_tenant uuid, of_type text, made_by uuid, subjects jsonb, of_data jsonb)
  RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moment timestamptz;
  next bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(7240612, hashtext(of_tenant::text));
  moment := clock_timestamp();
  SELECT coalesce(max(e.seq), 0) + 1 INTO next FROM public.events e WHERE e.tenant_id = of_tenant;
  INSERT INTO public.events (tenant_id, seq, id, type, lead_id, run_id, batch_id, approval_id, audit_id, data,
      actor_kind, actor_id, created_by, at)
    VALUES (of_tenant, next, public.agos_new_id(moment), of_type,
      (subjects ->> 'lead')::uuid, (subjects ->> 'run')::uuid, (subjects ->> 'batch')::uuid,
      (subjects ->> 'approval')::uuid, (subjects ->> 'audit')::uuid, jsonb_strip_nulls(of_data),
      nullif(current_setting('agos.actor_kind', true), ''), public.agos_principal(), made_by, moment);
  PERFORM pg_notify('agos_events', of_tenant::text);
END $$;
--> statement-breakpoint
-- A UUIDv7; PostgreSQL has its own from version 18.
CREATE FUNCTION agos_new_id(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6),
    52, 1), 53, 1), 'hex')::uuid
$$;
--> statement-breakpoint
-- How far the log of the transaction's tenant goes, also past events that its actor may not see.
CREATE FUNCTION agos_event_head() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(max(e.seq), 0) FROM public.events e WHERE e.tenant_id = (SELECT public.agos_tenant())
$$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_lead() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fields jsonb;
  subjects jsonb := jsonb_build_object('lead', NEW.id);
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.created', NEW.created_by,
      subjects || jsonb_build_object('batch', NEW.batch_id),
      jsonb_build_object('domain', NEW.domain, 'source', NEW.source));
    RETURN NULL;
  END IF;
  IF OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.deleted', NEW.created_by, subjects, '{}');
  END IF;
  -- Only a run writes these: see `scan-status.ts`.
  IF OLD.status <> NEW.status THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'lead.status_changed', NEW.created_by,
      subjects || jsonb_build_object('run', NEW.current_run_id),
      jsonb_build_object('from', OLD.status, 'to', NEW.status, 'score', NEW.score));
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
CREATE FUNCTION agos_events_of_run() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  subjects jsonb := jsonb_build_object('run', NEW.id, 'lead', NEW.lead_id,
    CASE NEW.kind WHEN 'import-leads' THEN 'batch' ELSE 'audit' END, NEW.subject_id);
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.cancel_requested_at IS NULL AND NEW.cancel_requested_at IS NOT NULL THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'run.cancel_requested', NEW.created_by, subjects,
      jsonb_build_object('kind', NEW.kind));
  END IF;
  IF TG_OP = 'INSERT' OR OLD.status <> NEW.status THEN
    PERFORM public.agos_append_event(NEW.tenant_id, 'run.' || NEW.status, NEW.created_by, subjects,
      jsonb_build_object('kind', NEW.kind, 'code', NEW.end_code));
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  step text;
  subjects jsonb := jsonb_build_object('audit', NEW.id, 'lead', NEW.lead_id, 'run', NEW.run_id);
BEGIN
  IF TG_OP = 'UPDATE' THEN
    FOR step IN
      SELECT name FROM jsonb_object_keys(NEW.facts) AS name WHERE NOT OLD.facts ? name
      UNION ALL SELECT 'score' WHERE OLD.score IS NULL AND NEW.score IS NOT NULL
      UNION ALL SELECT 'summary' WHERE OLD.summary IS NULL AND NEW.summary IS NOT NULL
      UNION ALL SELECT 'report' WHERE OLD.report_asset_id IS NULL AND NEW.report_asset_id IS NOT NULL
    LOOP
      PERFORM public.agos_append_event(NEW.tenant_id, 'audit.progressed', NEW.created_by, subjects,
        jsonb_build_object('step', step));
    END LOOP;
  END IF;
  IF TG_OP = 'UPDATE' AND OLD.status = NEW.status THEN RETURN NULL; END IF;
  CASE NEW.status
    WHEN 'running' THEN
      PERFORM public.agos_append_event(NEW.tenant_id, 'audit.started', NEW.created_by, subjects,
        jsonb_build_object('playbook', NEW.playbook_slug, 'version', NEW.playbook_version));
    WHEN 'completed' THEN
      PERFORM public.agos_append_event(NEW.tenant_id, 'audit.completed', NEW.created_by, subjects,
        jsonb_build_object('score', NEW.score, 'decision', NEW.decision, 'decided_by', NEW.decided_by));
    WHEN 'held' THEN
      PERFORM public.agos_append_event(NEW.tenant_id, 'audit.held', NEW.created_by, subjects,
        jsonb_build_object('code', NEW.hold_code));
    ELSE NULL; -- `awaiting`: the approval has its own events.
  END CASE;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_approval() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.agos_append_event(NEW.tenant_id,
    'approval.' || CASE NEW.status WHEN 'open' THEN 'opened' ELSE NEW.status END, NEW.created_by,
    jsonb_build_object('approval', NEW.id, 'lead', NEW.lead_id, 'run', NEW.run_id),
    jsonb_build_object('kind', NEW.kind, 'expires_at', CASE NEW.status WHEN 'open' THEN NEW.expires_at END,
      'outcome', NEW.outcome, 'decided_by', NEW.decided_by, 'decided_via', NEW.decided_via));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_batch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.agos_append_event(NEW.tenant_id,
    'batch.' || CASE NEW.status WHEN 'pending' THEN 'created' WHEN 'processing' THEN 'started' ELSE NEW.status END,
    NEW.created_by, jsonb_build_object('batch', NEW.id, 'run', NEW.run_id),
    jsonb_build_object('format', NEW.format, 'code', NEW.failure ->> 'code'));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE FUNCTION agos_events_of_batch_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  batch record;
BEGIN
  SELECT b.created_by, b.run_id INTO STRICT batch FROM public.lead_batches b
    WHERE b.tenant_id = NEW.tenant_id AND b.id = NEW.batch_id;
  PERFORM public.agos_append_event(NEW.tenant_id, 'batch.line_settled', batch.created_by,
    jsonb_build_object('batch', NEW.batch_id, 'lead', NEW.lead_id, 'run', batch.run_id),
    jsonb_build_object('line', NEW.line, 'state', NEW.state));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER leads_created_events AFTER INSERT ON leads DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_lead();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER leads_changed_events AFTER UPDATE ON leads DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN ((OLD.status, OLD.hold_since, OLD.deleted_at, OLD.company_name, OLD.industry, OLD.notes,
      OLD.metadata, OLD.assigned_to)
    IS DISTINCT FROM (NEW.status, NEW.hold_since, NEW.deleted_at, NEW.company_name, NEW.industry, NEW.notes,
      NEW.metadata, NEW.assigned_to))
  EXECUTE FUNCTION agos_events_of_lead();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER runs_requested_events AFTER INSERT ON runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_run();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER runs_changed_events AFTER UPDATE ON runs DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN ((OLD.status, OLD.cancel_requested_at) IS DISTINCT FROM (NEW.status, NEW.cancel_requested_at))
  EXECUTE FUNCTION agos_events_of_run();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER audits_started_events AFTER INSERT ON audits DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_audit();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER audits_changed_events AFTER UPDATE ON audits DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_audit();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER approvals_opened_events AFTER INSERT ON approvals DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_approval();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER approvals_changed_events AFTER UPDATE ON approvals DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN ((OLD.status, OLD.arguments_digest) IS DISTINCT FROM (NEW.status, NEW.arguments_digest))
  EXECUTE FUNCTION agos_events_of_approval();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER lead_batches_created_events AFTER INSERT ON lead_batches DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION agos_events_of_batch();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER lead_batches_changed_events AFTER UPDATE ON lead_batches DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION agos_events_of_batch();
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER batch_items_settled_events AFTER UPDATE ON batch_items DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.state = 'pending' AND NEW.state <> 'pending')
  EXECUTE FUNCTION agos_events_of_batch_item();
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_append_event(uuid, text, uuid, jsonb, jsonb), agos_new_id(timestamptz),
  agos_event_head(), agos_events_of_lead(), agos_events_of_run(), agos_events_of_audit(),
  agos_events_of_approval(), agos_events_of_batch(), agos_events_of_batch_item() FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_event_head() TO agos_app;
