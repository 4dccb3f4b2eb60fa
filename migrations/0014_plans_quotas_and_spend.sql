CREATE TABLE "credit_periods" (
	"tenant_id" uuid NOT NULL,
	"month" date NOT NULL,
	"granted" integer NOT NULL,
	"used" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "credit_periods_tenant_id_month_pk" PRIMARY KEY("tenant_id","month")
);
--> statement-breakpoint
ALTER TABLE "credit_periods" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "quota_usage" (
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"month" date NOT NULL,
	"used" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "quota_usage_tenant_id_user_id_kind_month_pk" PRIMARY KEY("tenant_id","user_id","kind","month")
);
--> statement-breakpoint
ALTER TABLE "quota_usage" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "spend_days" (
	"tenant_id" uuid NOT NULL,
	"day" date NOT NULL,
	"spent_micro_usd" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "spend_days_tenant_id_day_pk" PRIMARY KEY("tenant_id","day")
);
--> statement-breakpoint
ALTER TABLE "spend_days" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "spend_entries" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"key" text NOT NULL,
	"kind" text NOT NULL,
	"day" date NOT NULL,
	"state" text DEFAULT 'reserved' NOT NULL,
	"reserved_micro_usd" bigint NOT NULL,
	"spent_micro_usd" bigint,
	"audit_id" uuid,
	"lead_id" uuid,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "spend_entries_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "spend_entries_key" UNIQUE("tenant_id","key")
);
--> statement-breakpoint
ALTER TABLE "spend_entries" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "plan" text DEFAULT 'ignition' NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "triage_quota" integer;--> statement-breakpoint
ALTER TABLE "audits" ADD COLUMN "cpu_ms" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "audits" ADD COLUMN "cost_micro_usd" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "credit_periods" ADD CONSTRAINT "credit_periods_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quota_usage" ADD CONSTRAINT "quota_usage_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "spend_days" ADD CONSTRAINT "spend_days_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "spend_entries" ADD CONSTRAINT "spend_entries_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "spend_entries" ADD CONSTRAINT "spend_entries_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "spend_days_day" ON "spend_days" USING btree ("day");--> statement-breakpoint
CREATE INDEX "spend_entries_reserved" ON "spend_entries" USING btree ("expires_at") WHERE state = 'reserved';--> statement-breakpoint
CREATE INDEX "spend_entries_day" ON "spend_entries" USING btree ("tenant_id","day");--> statement-breakpoint
CREATE POLICY "credit_periods_tenant" ON "credit_periods" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "quota_usage_tenant" ON "quota_usage" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "spend_days_tenant" ON "spend_days" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "spend_entries_with_lead" ON "spend_entries" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = spend_entries.tenant_id and l.id = spend_entries.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "spend_entries_system_read" ON "spend_entries" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);