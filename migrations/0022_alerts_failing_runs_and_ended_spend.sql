CREATE TABLE "alerts" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"severity" text NOT NULL,
	"status" text DEFAULT 'raised' NOT NULL,
	"summary" text NOT NULL,
	"count" integer NOT NULL,
	"first_seen_at" timestamp with time zone NOT NULL,
	"last_seen_at" timestamp with time zone NOT NULL,
	"acknowledged_at" timestamp with time zone,
	"acknowledged_by" text,
	"acknowledged_note" text,
	"resolved_at" timestamp with time zone,
	"resolution" text,
	"resolved_by" text,
	"resolved_note" text,
	CONSTRAINT "alerts_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "alerts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "task_failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_one_open" ON "alerts" USING btree ("tenant_id","kind","subject") WHERE resolved_at is null;--> statement-breakpoint
CREATE INDEX "alerts_settled" ON "alerts" USING btree ("tenant_id","resolved_at") WHERE resolution = 'person';--> statement-breakpoint
CREATE INDEX "spend_entries_ended" ON "spend_entries" USING btree ("ended_at");--> statement-breakpoint
CREATE INDEX "runs_failing" ON "runs" USING btree ("tenant_id") WHERE task_failures > 0 and ended_at is null;--> statement-breakpoint
CREATE POLICY "alerts_tenant" ON "alerts" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));