CREATE TABLE "spend_months" (
	"tenant_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"month" date NOT NULL,
	"spent_micro_usd" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "spend_months_tenant_id_user_id_month_pk" PRIMARY KEY("tenant_id","user_id","month")
);
--> statement-breakpoint
ALTER TABLE "spend_months" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "spend_entries" ADD COLUMN "user_id" uuid;--> statement-breakpoint
ALTER TABLE "spend_months" ADD CONSTRAINT "spend_months_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE POLICY "spend_months_tenant" ON "spend_months" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
ALTER TABLE spend_months FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE (spent_micro_usd, updated_at) ON spend_months TO agos_app;
--> statement-breakpoint
ALTER TABLE spend_months ADD CONSTRAINT spend_months_amount CHECK (spent_micro_usd >= 0);
