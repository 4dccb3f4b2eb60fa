CREATE TABLE "lead_stays" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"lead_id" uuid NOT NULL,
	"status" text NOT NULL,
	"moved_to" text NOT NULL,
	"left_at" timestamp with time zone NOT NULL,
	"stayed_ms" bigint NOT NULL,
	"created_by" uuid NOT NULL,
	CONSTRAINT "lead_stays_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "lead_stays" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "lead_stays" ADD CONSTRAINT "lead_stays_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lead_stays" ADD CONSTRAINT "lead_stays_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "lead_stays_left_at" ON "lead_stays" USING btree ("tenant_id","left_at");--> statement-breakpoint
CREATE INDEX "lead_stays_lead" ON "lead_stays" USING btree ("tenant_id","lead_id");--> statement-breakpoint
CREATE INDEX "spend_entries_audit" ON "spend_entries" USING btree ("tenant_id","audit_id");--> statement-breakpoint
CREATE INDEX "model_calls_created_at" ON "model_calls" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE POLICY "lead_stays_with_lead" ON "lead_stays" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = lead_stays.tenant_id and l.id = lead_stays.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));