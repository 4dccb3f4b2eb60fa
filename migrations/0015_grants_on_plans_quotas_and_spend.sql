-- The runtime role serves tenants: it changes what a tenant may change of itself, never what was bought.
REVOKE UPDATE ON tenants FROM agos_app;
--> statement-breakpoint
GRANT UPDATE (name, currency, version, updated_at) ON tenants TO agos_app;
--> statement-breakpoint
ALTER TABLE tenants ADD CONSTRAINT tenants_plan_known CHECK (plan IN ('ignition', 'velocity', 'dominance'));
--> statement-breakpoint
ALTER TABLE tenants ADD CONSTRAINT tenants_subscription_status_known
  CHECK (subscription_status IN ('trialing', 'active', 'past_due', 'cancelled', 'paused'));
--> statement-breakpoint
ALTER TABLE credit_periods FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE quota_usage FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- The owner's connection sells credits; the runtime role opens a month and counts, and never changes what was granted.
CREATE POLICY credit_periods_owner ON credit_periods TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (used, updated_at) ON credit_periods TO agos_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (used, updated_at) ON quota_usage TO agos_app;
--> statement-breakpoint
ALTER TABLE credit_periods ADD CONSTRAINT credit_periods_never_overdrawn CHECK (used BETWEEN 0 AND granted);
--> statement-breakpoint
ALTER TABLE quota_usage ADD CONSTRAINT quota_usage_positive CHECK (used > 0);
--> statement-breakpoint
ALTER TABLE tenants ADD CONSTRAINT tenants_triage_quota_whole CHECK (triage_quota >= 0);
--> statement-breakpoint
ALTER TABLE spend_entries FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE spend_days FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- What was reserved, and for whom, is never changed; nothing is deleted.
GRANT SELECT, INSERT, UPDATE (state, spent_micro_usd, ended_at) ON spend_entries TO agos_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (spent_micro_usd, updated_at) ON spend_days TO agos_app;
--> statement-breakpoint
GRANT SELECT ON spend_entries TO agos_system;
--> statement-breakpoint
ALTER TABLE spend_entries ADD CONSTRAINT spend_entries_end_whole
  CHECK ((state = 'reserved') = (spent_micro_usd IS NULL) AND (spent_micro_usd IS NULL) = (ended_at IS NULL));
--> statement-breakpoint
ALTER TABLE spend_entries ADD CONSTRAINT spend_entries_amounts CHECK (reserved_micro_usd >= 0 AND spent_micro_usd >= 0);
--> statement-breakpoint
ALTER TABLE spend_days ADD CONSTRAINT spend_days_amount CHECK (spent_micro_usd >= 0);
--> statement-breakpoint
-- FORCE binds the owner, and with it the function below.
CREATE POLICY spend_days_owner_sum ON spend_days FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
-- The cap of the installation crosses tenants: this tells the sum of one day, and of whom it is stays hidden.
CREATE FUNCTION agos_spent_by_all(of_day date) RETURNS bigint
  LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT coalesce(sum(d.spent_micro_usd), 0)::bigint FROM public.spend_days d WHERE d.day = of_day
  $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION agos_spent_by_all(date) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION agos_spent_by_all(date) TO agos_app;
