CREATE INDEX "runs_ended" ON "runs" USING btree ("ended_at","tenant_id");--> statement-breakpoint
CREATE INDEX "audits_completed" ON "audits" USING btree ("completed_at","tenant_id");