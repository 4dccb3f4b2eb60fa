ALTER TABLE "model_calls" ADD COLUMN "activity" text;--> statement-breakpoint
ALTER TABLE "model_calls" ADD CONSTRAINT "model_calls_activity" UNIQUE("tenant_id","activity");