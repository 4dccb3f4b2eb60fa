import type { Gateway } from '../../temporal/gateway-type.ts';
import { identityRoutes } from '../access/identity/routes.ts';
import type { Issuer } from '../access/identity/tokens.ts';
import { keyRoutes } from '../access/keys/routes.ts';
import { memberRoutes } from '../access/members/routes.ts';
import type { Providers } from '../access/sso/provider-keys.ts';
import { ssoRoutes } from '../access/sso/routes.ts';
import { tenantRoutes } from '../access/tenants/routes.ts';
import { agentRunRoutes } from '../agents/agent-runs/routes.ts';
import { agentRoutes } from '../agents/registry/routes.ts';
import { agentAnalyticsRoutes } from '../analytics/agents/routes.ts';
import { pipelineAnalyticsRoutes } from '../analytics/pipeline/routes.ts';
import { usageAnalyticsRoutes } from '../analytics/usage/routes.ts';
import { assetRoutes } from '../assets/files/routes.ts';
import type { AssetStore } from '../assets/files/store.ts';
import { alertRoutes } from '../control/alerts/routes.ts';
import type { SignTicket } from '../control/approvals/tickets.ts';
import type { EventHub } from '../control/events/hub.ts';
import { eventRoutes } from '../control/events/routes.ts';
import { unlessStopFile } from '../control/kill-switch/refuse-stopped.ts';
import { killSwitchRoutes } from '../control/kill-switch/routes.ts';
import type { StopFile } from '../control/kill-switch/stop-file.ts';
import { usageRoutes } from '../control/quotas/routes.ts';
import { spendRoutes } from '../control/spend/routes.ts';
import type { SpendCaps } from '../control/spend/rules.ts';
import type { WebhookRules } from '../control/webhooks/change-endpoints.ts';
import { webhookRoutes } from '../control/webhooks/routes.ts';
import { auditLogRoutes } from '../journal/audit-log/routes.ts';
import type { RunEndHooks } from '../journal/runs/end-hooks.ts';
import { runRoutes } from '../journal/runs/routes.ts';
import { startRun } from '../journal/runs/start-run.ts';
import { batchRoutes } from '../leads/batches/routes.ts';
import { leadRoutes } from '../leads/leads/routes.ts';
import type { UrlRules } from '../leads/leads/stored-url.ts';
import { playbookRoutes } from '../leads/playbooks/routes.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Database } from '../runtime/database/database.ts';
import { auditRoutes } from '../triage/audits/routes.ts';
import type { TriageRequests } from '../triage/triage-room/request-triage.ts';
import { triageRoutes } from '../triage/triage-room/routes.ts';
import type { Route } from './kit/index.ts';

/** What the areas' routes need between them. */
export type RoutesDeps = {
  db: Database;
  gateway: Gateway;
  clock: Clock;
  /** Whose tokens count in every tenant: `AGOS_OIDC_ISSUERS`. */
  issuers: readonly Issuer[];
  /** Identity providers that tenants trust for themselves. */
  providers: Providers;
  assets: AssetStore;
  signTicket: SignTicket;
  eventHub: EventHub;
  /** What each kind of run leaves to settle when it ends before a workflow saw it. */
  runEndHooks: RunEndHooks;
  /** What may be spent on one day. */
  caps: SpendCaps;
  /** How triages are asked for; admission is inside. */
  requests: TriageRequests;
  /** Which addresses strangers may give: the egress guard's rules. */
  urlRules: UrlRules;
  /** What a webhook endpoint's address may be, and how its secret is kept. */
  webhooks: WebhookRules;
  /** Kill switch of the machine that this process runs on. */
  stopFile: StopFile;
  /** Address of a workflow's page in the Temporal Web UI, where there is one. */
  workflowUrl(workflowId: string): string | null;
};

/** Every route of the API, area by area: the one list that is mounted, documented and tested. */
export function allRoutes(deps: RoutesDeps): readonly Route[] {
  const { db, gateway, assets, signTicket, urlRules, stopFile } = deps;
  const startSoon = async (run: Parameters<typeof startRun>[1]): Promise<void> => {
    await startRun(deps, run);
  };
  const links = {
    file: (asset: Parameters<AssetStore['signedUrl']>[0]) => assets.signedUrl(asset),
    workflow: deps.workflowUrl,
  };
  const requests = {
    requestTriage: unlessStopFile(stopFile, deps.requests.requestTriage),
    requestAudit: unlessStopFile(stopFile, deps.requests.requestAudit),
  };
  const cancel = { db, gateway, runEndHooks: deps.runEndHooks };
  return [
    ...identityRoutes,
    ...tenantRoutes,
    ...memberRoutes,
    ...keyRoutes,
    ...ssoRoutes({
      ...deps.providers,
      clock: deps.clock,
      issuerRules: { ...urlRules, issuers: deps.issuers },
    }),
    ...usageRoutes,
    ...spendRoutes({ caps: deps.caps }),
    ...auditLogRoutes,
    ...runRoutes(cancel),
    ...eventRoutes({ db, hub: deps.eventHub }),
    ...assetRoutes({ assets }),
    ...agentRoutes,
    ...agentRunRoutes,
    ...playbookRoutes,
    ...batchRoutes({ assets, startSoon, cancel }),
    ...leadRoutes({ urlRules, requestTriage: requests.requestTriage, startSoon }),
    ...auditRoutes({ links }),
    ...triageRoutes({ gateway, requests, startSoon, signTicket, urlRules }),
    ...usageAnalyticsRoutes,
    ...pipelineAnalyticsRoutes,
    ...agentAnalyticsRoutes,
    ...killSwitchRoutes({ stopFile }),
    ...webhookRoutes(deps.webhooks),
    ...alertRoutes,
  ];
}
