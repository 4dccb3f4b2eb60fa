CREATE TABLE "request_buckets" (
	"tenant_id" uuid NOT NULL,
	"used" bigint NOT NULL,
	"measured_at" timestamp with time zone NOT NULL,
	CONSTRAINT "request_buckets_tenant_id_pk" PRIMARY KEY("tenant_id")
);
--> statement-breakpoint
ALTER TABLE "request_buckets" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "request_buckets" ADD CONSTRAINT "request_buckets_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE POLICY "request_buckets_tenant" ON "request_buckets" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));