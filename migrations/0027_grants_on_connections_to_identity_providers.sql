ALTER TABLE sso_connections FORCE ROW LEVEL SECURITY;
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON sso_connections TO agos_app;
--> statement-breakpoint
GRANT SELECT ON sso_connections TO agos_system;
--> statement-breakpoint
ALTER TABLE sso_connections ADD CONSTRAINT sso_connections_default_role_known
  CHECK (default_role IN ('owner', 'admin', 'operator', 'editor', 'analyst', 'viewer'));
--> statement-breakpoint
ALTER TABLE members ADD CONSTRAINT members_role_source_known CHECK (role_source IN ('manual', 'sso'));
