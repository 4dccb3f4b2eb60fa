CREATE TABLE "global_kill_switches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"turned_on_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"turned_on_by" text NOT NULL,
	"turned_off_at" timestamp with time zone,
	"turned_off_reason" text,
	"turned_off_by" text
);
--> statement-breakpoint
ALTER TABLE "global_kill_switches" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "kill_switches" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"reason" text NOT NULL,
	"turned_on_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"turned_on_by" uuid NOT NULL,
	"turned_off_at" timestamp with time zone,
	"turned_off_reason" text,
	"turned_off_by" uuid,
	CONSTRAINT "kill_switches_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "kill_switches" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "run_steps" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"run_id" uuid NOT NULL,
	"lead_id" uuid,
	"step" text NOT NULL,
	"worker" text NOT NULL,
	"started_at" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
	"ended_at" timestamp with time zone,
	"outcome" text,
	"created_by" uuid NOT NULL,
	CONSTRAINT "run_steps_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "run_steps" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "kill_switches" ADD CONSTRAINT "kill_switches_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_steps" ADD CONSTRAINT "run_steps_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_steps" ADD CONSTRAINT "run_steps_tenant_id_run_id_runs_tenant_id_id_fk" FOREIGN KEY ("tenant_id","run_id") REFERENCES "public"."runs"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_steps" ADD CONSTRAINT "run_steps_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "global_kill_switches_one_on" ON "global_kill_switches" USING btree ((true)) WHERE turned_off_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "kill_switches_one_on" ON "kill_switches" USING btree ("tenant_id") WHERE turned_off_at is null;--> statement-breakpoint
CREATE INDEX "run_steps_open" ON "run_steps" USING btree ("tenant_id","run_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "run_steps_ended" ON "run_steps" USING btree ("ended_at");--> statement-breakpoint
CREATE POLICY "global_kill_switches_global_read" ON "global_kill_switches" AS PERMISSIVE FOR SELECT TO "agos_app" USING (true);--> statement-breakpoint
CREATE POLICY "global_kill_switches_system_read" ON "global_kill_switches" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "kill_switches_tenant" ON "kill_switches" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "kill_switches_system_read" ON "kill_switches" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "run_steps_with_lead" ON "run_steps" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = run_steps.tenant_id and l.id = run_steps.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));