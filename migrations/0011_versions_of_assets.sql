ALTER TABLE "assets" ADD COLUMN "audit_id" uuid;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "storage_provider" text;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "storage_path" text;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD COLUMN "is_latest" boolean DEFAULT true NOT NULL;--> statement-breakpoint
-- FORCE binds the owner too, who must see every tenant's rows once.
ALTER TABLE "assets" NO FORCE ROW LEVEL SECURITY;--> statement-breakpoint
DO $$
DECLARE expected bigint; changed bigint;
BEGIN
  SELECT count(*) INTO expected FROM assets;
  -- Files of before this migration were named by their digest, in a folder.
  UPDATE assets a SET storage_provider = 'folder',
      storage_path = a.tenant_id || '/' || left(a.digest, 2) || '/' || a.digest,
      version = n.version, is_latest = n.is_latest
    FROM (SELECT tenant_id, id,
        CASE WHEN lead_id IS NULL THEN 1 ELSE row_number() OVER w END AS version,
        lead_id IS NULL OR row_number() OVER (PARTITION BY tenant_id, lead_id, kind, filename
          ORDER BY created_at DESC, id DESC) = 1 AS is_latest
      FROM assets WINDOW w AS (PARTITION BY tenant_id, lead_id, kind, filename ORDER BY created_at, id)) n
    WHERE n.tenant_id = a.tenant_id AND n.id = a.id;
  GET DIAGNOSTICS changed = ROW_COUNT;
  IF changed <> expected THEN
    RAISE EXCEPTION 'versions_of_assets: % of % rows were changed', changed, expected;
  END IF;
END $$;--> statement-breakpoint
ALTER TABLE "assets" FORCE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "assets" ALTER COLUMN "storage_provider" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ALTER COLUMN "storage_path" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "assets" ADD CONSTRAINT "assets_provider_known" CHECK (storage_provider IN ('folder', 's3'));--> statement-breakpoint
ALTER TABLE "assets" ADD CONSTRAINT "assets_tenant_id_audit_id_audits_tenant_id_id_fk" FOREIGN KEY ("tenant_id","audit_id") REFERENCES "public"."audits"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "assets_one_latest" ON "assets" USING btree ("tenant_id",coalesce("lead_id", "audit_id"),"kind","filename") WHERE is_latest;--> statement-breakpoint
CREATE UNIQUE INDEX "assets_version" ON "assets" USING btree ("tenant_id",coalesce("lead_id", "audit_id"),"kind","filename","version");--> statement-breakpoint
CREATE INDEX "assets_storage_path" ON "assets" USING btree ("tenant_id","storage_path");
