ALTER TABLE "webhook_attempts" ADD COLUMN "ended_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "webhook_attempts_ended" ON "webhook_attempts" USING btree ("ended_at","tenant_id");--> statement-breakpoint
CREATE INDEX "webhook_attempts_unfinished" ON "webhook_attempts" USING btree ("started_at") WHERE ended_at is null and error is null and status_code is null;
--> statement-breakpoint
GRANT UPDATE (ended_at) ON webhook_attempts TO agos_app;
