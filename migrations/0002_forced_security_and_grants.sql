-- FORCE: without it the owner of a table reads past its policies.
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity
  LOOP
    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
END $$;
--> statement-breakpoint
-- The owner is bound by FORCE too: what `tenant create`, `token` and `migrate` do needs its own policies.
CREATE POLICY tenants_owner ON tenants TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY api_keys_owner ON api_keys TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY members_owner ON members TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY audit_log_owner ON audit_log TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY playbooks_owner ON playbooks TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY agents_owner ON agents TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
REVOKE ALL ON SCHEMA public FROM PUBLIC;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO agos_app, agos_system;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_tenant(), agos_principal(), agos_sees_all() TO agos_app, agos_system;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON members, api_keys, runs, leads, contacts, lead_batches, batch_items,
  audits, agent_runs, model_calls, assets, approvals TO agos_app;
--> statement-breakpoint
GRANT SELECT, UPDATE ON tenants TO agos_app;
--> statement-breakpoint
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO agos_app;
--> statement-breakpoint
-- Append-only: no update and no delete.
GRANT SELECT, INSERT ON audit_log TO agos_app;
--> statement-breakpoint
GRANT SELECT ON playbooks, agents TO agos_app;
--> statement-breakpoint
GRANT SELECT ON tenants, members, api_keys, runs, leads, audits, lead_batches TO agos_system;
--> statement-breakpoint
ALTER TABLE leads ADD CONSTRAINT leads_status_known CHECK (status IN ('new', 'scanning', 'qualified',
  'disqualified', 'designing', 'mockup_ready', 'presenting', 'negotiating', 'closed_won', 'closed_lost',
  'active_client', 'churned'));
--> statement-breakpoint
ALTER TABLE leads ADD CONSTRAINT leads_score_range CHECK (score BETWEEN 0 AND 100);
--> statement-breakpoint
ALTER TABLE leads ADD CONSTRAINT leads_hold_whole CHECK ((hold_code IS NULL) = (hold_since IS NULL)
  AND (hold_code IS NULL) = (hold_message IS NULL));
--> statement-breakpoint
ALTER TABLE members ADD CONSTRAINT members_role_known
  CHECK (role IN ('owner', 'admin', 'operator', 'editor', 'analyst', 'viewer'));
--> statement-breakpoint
ALTER TABLE api_keys ADD CONSTRAINT api_keys_role_known
  CHECK (role IN ('owner', 'admin', 'operator', 'editor', 'analyst', 'viewer'));
--> statement-breakpoint
ALTER TABLE runs ADD CONSTRAINT runs_end_whole CHECK ((ended_at IS NOT NULL) = (status IN ('completed', 'failed', 'cancelled')));
--> statement-breakpoint
CREATE FUNCTION agos_lead_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status IS DISTINCT FROM NEW.status THEN
    NEW.status_changed_at = now();
  END IF;
  NEW.updated_at = now();
  NEW.version = OLD.version + 1;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER leads_changed BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION agos_lead_changed();
