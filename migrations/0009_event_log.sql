CREATE TABLE "events" (
	"tenant_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"id" uuid NOT NULL,
	"type" text NOT NULL,
	"lead_id" uuid,
	"run_id" uuid,
	"batch_id" uuid,
	"approval_id" uuid,
	"audit_id" uuid,
	"data" jsonb NOT NULL,
	"actor_kind" text,
	"actor_id" uuid,
	"created_by" uuid NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "events_tenant_id_seq_pk" PRIMARY KEY("tenant_id","seq")
);
--> statement-breakpoint
ALTER TABLE "events" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE INDEX "events_run" ON "events" USING btree ("tenant_id","run_id","seq") WHERE run_id is not null;--> statement-breakpoint
CREATE INDEX "events_lead" ON "events" USING btree ("tenant_id","lead_id","seq") WHERE lead_id is not null;--> statement-breakpoint
CREATE POLICY "events_with_lead" ON "events" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = events.tenant_id and l.id = events.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));