ALTER TABLE kill_switches FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE global_kill_switches FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
ALTER TABLE run_steps FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
-- Who stopped work, when and why cannot be rewritten: only the end of a switch and of a step is added.
GRANT SELECT, INSERT, UPDATE (turned_off_at, turned_off_by, turned_off_reason) ON kill_switches TO agos_app;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (ended_at, outcome) ON run_steps TO agos_app;
--> statement-breakpoint
GRANT SELECT ON global_kill_switches TO agos_app;
--> statement-breakpoint
GRANT SELECT ON kill_switches, global_kill_switches TO agos_system;
--> statement-breakpoint
-- FORCE binds the owner too: `agos kill --global` writes the switch and reads what it met, of every tenant.
CREATE POLICY global_kill_switches_owner ON global_kill_switches TO CURRENT_USER USING (true) WITH CHECK (true);
--> statement-breakpoint
CREATE POLICY run_steps_owner ON run_steps FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY runs_owner_receipt ON runs FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
CREATE POLICY audits_owner_receipt ON audits FOR SELECT TO CURRENT_USER USING (true);
--> statement-breakpoint
ALTER TABLE kill_switches ADD CONSTRAINT kill_switches_off_whole
  CHECK ((turned_off_at IS NULL) = (turned_off_by IS NULL));
--> statement-breakpoint
ALTER TABLE global_kill_switches ADD CONSTRAINT global_kill_switches_off_whole
  CHECK ((turned_off_at IS NULL) = (turned_off_by IS NULL));
--> statement-breakpoint
ALTER TABLE run_steps ADD CONSTRAINT run_steps_end_whole CHECK ((ended_at IS NULL) = (outcome IS NULL));
