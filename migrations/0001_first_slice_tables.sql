CREATE TABLE "api_keys" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"role" text NOT NULL,
	"scopes" text[],
	"created_by" uuid NOT NULL,
	"last_used_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "api_keys_hash" UNIQUE("hash")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "members" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"issuer" text NOT NULL,
	"subject" text NOT NULL,
	"email" text,
	"name" text,
	"role" text NOT NULL,
	"created_by" uuid NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"removed_at" timestamp with time zone,
	CONSTRAINT "members_tenant_id_id_pk" PRIMARY KEY("tenant_id","id"),
	CONSTRAINT "members_identity" UNIQUE("tenant_id","issuer","subject")
);
--> statement-breakpoint
ALTER TABLE "members" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"subscription_status" text DEFAULT 'trialing' NOT NULL,
	"currency" text DEFAULT 'USD' NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "tenants" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "agent_runs" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"agent_slug" text NOT NULL,
	"agent_version" text NOT NULL,
	"playbook_slug" text,
	"playbook_version" text,
	"room" text NOT NULL,
	"trigger" text NOT NULL,
	"run_id" uuid NOT NULL,
	"lead_id" uuid,
	"audit_id" uuid,
	"input" jsonb NOT NULL,
	"output" jsonb,
	"status" text DEFAULT 'running' NOT NULL,
	"error" jsonb,
	"input_tokens" integer DEFAULT 0 NOT NULL,
	"output_tokens" integer DEFAULT 0 NOT NULL,
	"total_tokens" integer GENERATED ALWAYS AS (input_tokens + output_tokens) STORED,
	"cost_micro_usd" bigint DEFAULT 0 NOT NULL,
	"tools_called" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_by" uuid NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone,
	"duration_ms" integer,
	CONSTRAINT "agent_runs_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "agent_runs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "agents" (
	"slug" text NOT NULL,
	"version" text NOT NULL,
	"name" text NOT NULL,
	"description" text NOT NULL,
	"room" text NOT NULL,
	"model_tier" text NOT NULL,
	"system_prompt" text NOT NULL,
	"skills" jsonb NOT NULL,
	"tools" jsonb NOT NULL,
	"timeout_seconds" integer NOT NULL,
	"retry_attempts" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "agents_slug_version_pk" PRIMARY KEY("slug","version")
);
--> statement-breakpoint
ALTER TABLE "agents" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "assets" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"lead_id" uuid,
	"kind" text NOT NULL,
	"filename" text NOT NULL,
	"digest" text NOT NULL,
	"mime" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "assets_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "assets" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "approvals" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"run_id" uuid NOT NULL,
	"workflow_id" text NOT NULL,
	"lead_id" uuid,
	"arguments" jsonb NOT NULL,
	"arguments_digest" text NOT NULL,
	"policy_version" text NOT NULL,
	"decidable_by" text[] NOT NULL,
	"default_outcome" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"outcome" text,
	"reason" text,
	"decided_by" uuid,
	"decided_via" text,
	"decided_at" timestamp with time zone,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "approvals_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "approvals" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audit_log" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" uuid,
	"action" text NOT NULL,
	"resource_type" text NOT NULL,
	"resource_id" text,
	"details" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"request_id" text,
	"address" text,
	CONSTRAINT "audit_log_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "audit_log" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"tenant_id" uuid NOT NULL,
	"route" text NOT NULL,
	"key" text NOT NULL,
	"principal_id" uuid NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer NOT NULL,
	"headers" jsonb NOT NULL,
	"body" json,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "idempotency_keys_tenant_id_route_principal_id_key_pk" PRIMARY KEY("tenant_id","route","principal_id","key")
);
--> statement-breakpoint
ALTER TABLE "idempotency_keys" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "runs" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"kind" text NOT NULL,
	"workflow_id" text NOT NULL,
	"input" jsonb NOT NULL,
	"lead_id" uuid,
	"target" text,
	"subject_id" uuid,
	"status" text DEFAULT 'requested' NOT NULL,
	"end_code" text,
	"end_message" text,
	"created_by" uuid NOT NULL,
	"request_id" text,
	"temporal_run_id" text,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"claimed_at" timestamp with time zone,
	"cancel_requested_at" timestamp with time zone,
	"ended_at" timestamp with time zone,
	CONSTRAINT "runs_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "runs" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "batch_items" (
	"tenant_id" uuid NOT NULL,
	"batch_id" uuid NOT NULL,
	"line" integer NOT NULL,
	"lead_id" uuid,
	"outcome" text NOT NULL,
	"state" text NOT NULL,
	"errors" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "batch_items_tenant_id_batch_id_line_pk" PRIMARY KEY("tenant_id","batch_id","line")
);
--> statement-breakpoint
ALTER TABLE "batch_items" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "lead_batches" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"name" text NOT NULL,
	"format" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"file_asset_id" uuid NOT NULL,
	"options" jsonb NOT NULL,
	"run_id" uuid,
	"failure" jsonb,
	"created_by" uuid NOT NULL,
	"started_at" timestamp with time zone,
	"completed_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "lead_batches_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "lead_batches" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "contacts" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"lead_id" uuid NOT NULL,
	"name" text,
	"email" text,
	"phone" text,
	"linkedin_url" text,
	"title" text,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "contacts_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "contacts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "leads" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"url" text NOT NULL,
	"domain" text NOT NULL,
	"company_name" text,
	"industry" text,
	"notes" text,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"source" text NOT NULL,
	"batch_id" uuid,
	"status" text DEFAULT 'new' NOT NULL,
	"status_changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"current_room" text,
	"score" numeric(5, 2),
	"reasons" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"hold_code" text,
	"hold_message" text,
	"hold_since" timestamp with time zone,
	"awaiting" jsonb,
	"latest_audit_id" uuid,
	"current_run_id" uuid,
	"status_before_run" text,
	"created_by" uuid NOT NULL,
	"assigned_to" uuid,
	"version" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "leads_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "leads" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "playbooks" (
	"slug" text NOT NULL,
	"version" text NOT NULL,
	"room" text NOT NULL,
	"name" text NOT NULL,
	"config" jsonb NOT NULL,
	"industry_tags" text[] NOT NULL,
	"priority" integer NOT NULL,
	"is_default" boolean NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "playbooks_slug_version_pk" PRIMARY KEY("slug","version")
);
--> statement-breakpoint
ALTER TABLE "playbooks" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "model_calls" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"agent_run_id" uuid,
	"lead_id" uuid,
	"skill" text NOT NULL,
	"generated_by" text NOT NULL,
	"request" jsonb NOT NULL,
	"response" jsonb,
	"error" text,
	"input_tokens" integer DEFAULT 0 NOT NULL,
	"output_tokens" integer DEFAULT 0 NOT NULL,
	"cost_micro_usd" bigint DEFAULT 0 NOT NULL,
	"duration_ms" integer NOT NULL,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_calls_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "model_calls" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "audits" (
	"tenant_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"lead_id" uuid,
	"run_id" uuid NOT NULL,
	"agent_run_id" uuid,
	"url" text NOT NULL,
	"final_url" text,
	"status" text DEFAULT 'running' NOT NULL,
	"playbook_slug" text NOT NULL,
	"playbook_version" text NOT NULL,
	"agent_slug" text NOT NULL,
	"agent_version" text NOT NULL,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"score" numeric(5, 2),
	"decision" text,
	"decided_by" text,
	"reasons" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"signals" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"summary" jsonb,
	"phone_screenshot_id" uuid,
	"desktop_screenshot_id" uuid,
	"report_asset_id" uuid,
	"hold_code" text,
	"hold_message" text,
	"duration_ms" integer,
	"created_by" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"completed_at" timestamp with time zone,
	CONSTRAINT "audits_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "audits" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "agent_runs" ADD CONSTRAINT "agent_runs_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "agent_runs" ADD CONSTRAINT "agent_runs_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "assets" ADD CONSTRAINT "assets_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "assets" ADD CONSTRAINT "assets_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_log" ADD CONSTRAINT "audit_log_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_items" ADD CONSTRAINT "batch_items_tenant_id_batch_id_lead_batches_tenant_id_id_fk" FOREIGN KEY ("tenant_id","batch_id") REFERENCES "public"."lead_batches"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "batch_items" ADD CONSTRAINT "batch_items_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "lead_batches" ADD CONSTRAINT "lead_batches_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leads" ADD CONSTRAINT "leads_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "leads" ADD CONSTRAINT "leads_tenant_id_assigned_to_members_tenant_id_id_fk" FOREIGN KEY ("tenant_id","assigned_to") REFERENCES "public"."members"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_calls" ADD CONSTRAINT "model_calls_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_calls" ADD CONSTRAINT "model_calls_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audits" ADD CONSTRAINT "audits_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audits" ADD CONSTRAINT "audits_tenant_id_lead_id_leads_tenant_id_id_fk" FOREIGN KEY ("tenant_id","lead_id") REFERENCES "public"."leads"("tenant_id","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "agent_runs_lead" ON "agent_runs" USING btree ("tenant_id","lead_id");--> statement-breakpoint
CREATE INDEX "agent_runs_started_at" ON "agent_runs" USING btree ("tenant_id","started_at");--> statement-breakpoint
CREATE INDEX "assets_lead" ON "assets" USING btree ("tenant_id","lead_id","kind");--> statement-breakpoint
CREATE INDEX "approvals_open" ON "approvals" USING btree ("tenant_id","expires_at") WHERE status = 'open';--> statement-breakpoint
CREATE UNIQUE INDEX "approvals_one_per_run" ON "approvals" USING btree ("tenant_id","run_id","kind");--> statement-breakpoint
CREATE INDEX "audit_log_at" ON "audit_log" USING btree ("tenant_id","at");--> statement-breakpoint
CREATE INDEX "idempotency_keys_expires_at" ON "idempotency_keys" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "runs_one_open_per_workflow" ON "runs" USING btree ("tenant_id","workflow_id") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "runs_open" ON "runs" USING btree ("requested_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "runs_lead" ON "runs" USING btree ("tenant_id","lead_id");--> statement-breakpoint
CREATE INDEX "batch_items_pending" ON "batch_items" USING btree ("tenant_id","lead_id") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "lead_batches_created_at" ON "lead_batches" USING btree ("tenant_id","created_at","id");--> statement-breakpoint
CREATE INDEX "contacts_lead" ON "contacts" USING btree ("tenant_id","lead_id");--> statement-breakpoint
CREATE UNIQUE INDEX "contacts_email" ON "contacts" USING btree ("tenant_id","lead_id",lower(email)) WHERE email is not null and deleted_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "leads_live_domain" ON "leads" USING btree ("tenant_id","domain") WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX "leads_status" ON "leads" USING btree ("tenant_id","status");--> statement-breakpoint
CREATE INDEX "leads_created_at" ON "leads" USING btree ("tenant_id","created_at","id");--> statement-breakpoint
CREATE INDEX "leads_score" ON "leads" USING btree ("tenant_id","score") WHERE score is not null;--> statement-breakpoint
CREATE INDEX "leads_batch" ON "leads" USING btree ("tenant_id","batch_id");--> statement-breakpoint
CREATE INDEX "leads_held" ON "leads" USING btree ("tenant_id","hold_since") WHERE hold_code is not null;--> statement-breakpoint
CREATE INDEX "leads_in_flight" ON "leads" USING btree ("tenant_id","current_run_id") WHERE current_run_id is not null;--> statement-breakpoint
CREATE INDEX "model_calls_agent_run" ON "model_calls" USING btree ("tenant_id","agent_run_id");--> statement-breakpoint
CREATE INDEX "audits_lead" ON "audits" USING btree ("tenant_id","lead_id","created_at");--> statement-breakpoint
CREATE INDEX "audits_run" ON "audits" USING btree ("tenant_id","run_id");--> statement-breakpoint
CREATE POLICY "api_keys_tenant" ON "api_keys" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "api_keys_system_read" ON "api_keys" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "members_tenant" ON "members" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "members_system_read" ON "members" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "tenants_self" ON "tenants" AS PERMISSIVE FOR ALL TO "agos_app" USING (id = (select agos_tenant())) WITH CHECK (id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "tenants_system_read" ON "tenants" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "agent_runs_with_lead" ON "agent_runs" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = agent_runs.tenant_id and l.id = agent_runs.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "agents_global_read" ON "agents" AS PERMISSIVE FOR SELECT TO "agos_app" USING (true);--> statement-breakpoint
CREATE POLICY "assets_with_lead" ON "assets" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = assets.tenant_id and l.id = assets.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "approvals_with_lead" ON "approvals" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = approvals.tenant_id and l.id = approvals.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "audit_log_tenant" ON "audit_log" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "idempotency_keys_tenant" ON "idempotency_keys" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "runs_with_lead" ON "runs" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = runs.tenant_id and l.id = runs.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "runs_system_read" ON "runs" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "batch_items_tenant" ON "batch_items" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant())) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "lead_batches_own" ON "lead_batches" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "lead_batches_system_read" ON "lead_batches" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "contacts_with_lead" ON "contacts" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = contacts.tenant_id and l.id = contacts.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "leads_visible" ON "leads" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or assigned_to = (select agos_principal()))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "leads_system_read" ON "leads" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);--> statement-breakpoint
CREATE POLICY "playbooks_global_read" ON "playbooks" AS PERMISSIVE FOR SELECT TO "agos_app" USING (true);--> statement-breakpoint
CREATE POLICY "model_calls_with_lead" ON "model_calls" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = model_calls.tenant_id and l.id = model_calls.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "audits_with_lead" ON "audits" AS PERMISSIVE FOR ALL TO "agos_app" USING (tenant_id = (select agos_tenant()) and ((select agos_sees_all()) or created_by = (select agos_principal()) or exists (select 1 from leads l where l.tenant_id = audits.tenant_id and l.id = audits.lead_id))) WITH CHECK (tenant_id = (select agos_tenant()));--> statement-breakpoint
CREATE POLICY "audits_system_read" ON "audits" AS PERMISSIVE FOR SELECT TO "agos_system" USING (true);