CREATE TABLE "sso_connections" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"issuer" text NOT NULL,
	"audience" text NOT NULL,
	"enabled" boolean NOT NULL,
	"rules" jsonb NOT NULL,
	"default_role" text,
	"may_grant_owner" boolean NOT NULL,
	"created_by" uuid NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone,
	CONSTRAINT "sso_connections_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "sso_connections" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "role_source" text DEFAULT 'manual' NOT NULL;--> statement-breakpoint
ALTER TABLE "sso_connections" ADD CONSTRAINT "sso_connections_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "sso_connections_issuer" ON "sso_connections" USING btree ("tenant_id","issuer") WHERE removed_at is null;--> statement-breakpoint
CREATE POLICY "sso_connections_tenant" ON "sso_connections" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "sso_connections_system_read" ON "sso_connections" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);