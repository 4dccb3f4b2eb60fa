import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Tracer } from '@opentelemetry/api';
import { createCodec } from '../../temporal/codec/codec.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { type CodecEndpointOptions, createCodecEndpoint } from '../../temporal/codec/endpoint.ts';
import { parseKeyRing } from '../../temporal/codec/key-ring.ts';
import { openClient, readTemporalTarget, type TemporalTarget } from '../../temporal/connection.ts';
import { createGateway } from '../../temporal/gateway.ts';
import { RUN_END_HOOKS } from '../../temporal/run-end-hooks.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { composeStorage } from '../../temporal/storage.ts';
import { parseIssuers } from '../access/identity/tokens.ts';
import { createProviders } from '../access/sso/provider-keys.ts';
import { type AssetsServer, createAssetsServer } from '../assets/files/server.ts';
import { createAssetStore } from '../assets/files/store.ts';
import { createAdmission } from '../control/admission/admit-work.ts';
import { createTickets } from '../control/approvals/tickets.ts';
import { createEventHub } from '../control/events/hub.ts';
import { createStopFile } from '../control/kill-switch/stop-file.ts';
import { createRateLimits } from '../control/rate-limits/limit-requests.ts';
import { spendCapsOf } from '../control/spend/rules.ts';
import { createSecretSeal } from '../control/webhooks/seal.ts';
import { createByteBudget } from '../runtime/byte-budget.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Config, required } from '../runtime/config.ts';
import { openDatabase } from '../runtime/database/database.ts';
import { createGuardedFetch } from '../runtime/egress/fetch.ts';
import { createEgressGuard } from '../runtime/egress/guard.ts';
import type { Logger } from '../runtime/logger.ts';
import { instrumentDatabase } from '../runtime/telemetry/instrument-database.ts';
import { createRegistry } from '../runtime/telemetry/registry.ts';
import { serveMetrics } from '../runtime/telemetry/serve-metrics.ts';
import type { Telemetry } from '../runtime/telemetry/telemetry.ts';
import { createTriageRequests } from '../triage/triage-room/request-triage.ts';
import { createClientAddress } from './kit/client-address.ts';
import { type Listening, listen } from './listen.ts';
import { observeInstallation } from './observe-installation.ts';
import { type AppDeps, createApp } from './server.ts';

export type ServerOptions = {
  config: Config;
  logger: Logger;
  /** Where Temporal is; without it the standard environment variables say so. */
  target?: TemporalTarget;
  /** Makes the traces of this process; absent where they are sent nowhere. */
  tracer?: Tracer | undefined;
};

export type RunningServer = {
  port: number;
  assetsPort: number;
  /** Takes no more requests, lets running ones end, then closes what it used. */
  close(): Promise<void>;
};

/** A request says that the database is busy before its client gives up; activities wait, since they are tried again. */
const CONNECTION_WAIT_MS = 1_500;
/** Longer than a request's patience for the database's work; who sends a request is looked up in milliseconds. */
const DROP_AFTER_MS = { tenant: 25_000, system: 5_000 };

/** Starts the API and, on an origin of its own, the server of stored files. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, logger } = options;
  const hostname = config.AGOS_HOST;
  const metricsAddress = config.AGOS_API_METRICS_ADDRESS;
  const registry = metricsAddress ? createRegistry('api') : undefined;
  const telemetry = { registry, tracer: options.tracer };
  const parts = compose(config, logger, options.target ?? readTemporalTarget(), telemetry);
  const listening: Listening[] = [];
  const close = async (): Promise<void> => {
    // First: a server that stops waits for its open answers.
    parts.app.eventHub.close();
    await Promise.all(listening.map((one) => one.close()));
    await parts.close();
  };
  try {
    const assets = await listen(parts.assets, { hostname, port: config.AGOS_ASSETS_PORT });
    listening.push(assets);
    const api = await listen(createApp(parts.app), { hostname, port: config.AGOS_PORT });
    listening.push(api);
    if (registry && metricsAddress) {
      observeInstallation(parts.app, registry);
      const metrics = await serveMetrics(registry, metricsAddress);
      listening.push(metrics);
      logger.info({ port: metrics.port }, 'metrics are served');
    }
    logger.info({ host: hostname, port: api.port, assets_port: assets.port }, 'API is serving');
    return { port: api.port, assetsPort: assets.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the API is made of. */
function compose(
  config: Config,
  logger: Logger,
  target: TemporalTarget,
  telemetry: Telemetry,
): { app: AppDeps; assets: AssetsServer; close(): Promise<void> } {
  const clock = systemClock;
  const signingSecret = required(config, 'AGOS_SIGNING_SECRET');
  const files = { storage: composeStorage(config), origin: ownOrigin(config), signingSecret, clock };
  const url = required(config, 'DATABASE_URL');
  const systemUrl = required(config, 'DATABASE_SYSTEM_URL');
  const doors = openDatabase({
    url,
    systemUrl,
    waitMs: CONNECTION_WAIT_MS,
    keepsPlans: true,
    dropAfterMs: DROP_AFTER_MS,
  });
  const db = instrumentDatabase(doors, telemetry);
  const client = openClient(target, createDataConverter(config.AGOS_PAYLOAD_KEYS), telemetry.tracer);
  const caps = spendCapsOf(config);
  const guard = createEgressGuard({ allowTargets: config.AGOS_ALLOW_TARGETS });
  const extraCa = config.AGOS_EXTRA_CA ? readFileSync(config.AGOS_EXTRA_CA, 'utf8') : undefined;
  const fetch = createGuardedFetch({ guard, userAgent: 'AgOS', clock, extraCa });
  const { isAllowed } = guard;
  const byteBudget = createByteBudget();
  const rateLimits = createRateLimits({ db });
  const clientAddress = createClientAddress(config.AGOS_TRUSTED_PROXIES ?? []);
  const limits = { clock, rateLimits, clientAddress, byteBudget };
  const codecEndpoint = composeCodecEndpoint(config, target, limits);
  return {
    app: {
      db,
      ...limits,
      logger,
      signingSecret,
      gateway: createGateway({ client, workflows: RUN_WORKFLOWS, publicUrl: config.AGOS_PUBLIC_URL }),
      issuers: parseIssuers(config.AGOS_OIDC_ISSUERS),
      providers: createProviders({ fetch, clock }),
      assets: createAssetStore(files),
      signTicket: createTickets({ signingSecret, clock }).sign,
      eventHub: createEventHub(db),
      runEndHooks: RUN_END_HOOKS,
      caps,
      requests: createTriageRequests({ admitWork: createAdmission({ clock, caps }) }),
      urlRules: { isAllowed },
      webhooks: {
        isAllowed,
        httpsOnly: config.AGOS_ENV === 'production',
        seal: createSecretSeal(signingSecret),
      },
      stopFile: createStopFile(resolve(config.AGOS_STOP_FILE)),
      workflowUrl: (workflowId) => webUiPage(config, target.namespace, workflowId),
      ...(codecEndpoint && { codecEndpoint }),
      telemetry,
    },
    assets: createAssetsServer({ ...files, logger, byteBudget }),
    close: async () => {
      await client.connection.close();
      await db.close();
    },
  };
}

/** The Web UI can decrypt payloads only where keys, a token and its own address are known. */
function composeCodecEndpoint(
  config: Config,
  target: TemporalTarget,
  limits: Pick<CodecEndpointOptions, 'clock' | 'rateLimits' | 'clientAddress' | 'byteBudget'>,
): AppDeps['codecEndpoint'] {
  const { AGOS_PAYLOAD_KEYS: keys, AGOS_CODEC_TOKEN: token, AGOS_TEMPORAL_UI_URL: ui } = config;
  if (!keys || !token || !ui) return undefined;
  const codec = createCodec(parseKeyRing(keys));
  const uiOrigin = new URL(ui).origin;
  return createCodecEndpoint({ ...limits, codec, token, uiOrigin, namespace: target.namespace });
}

function webUiPage(
  { AGOS_TEMPORAL_UI_URL: ui }: Config,
  namespace: string,
  workflowId: string,
): string | null {
  return ui ? new URL(`/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`, ui).href : null;
}

/** Pages that strangers wrote must not share an origin with the API. */
function ownOrigin(config: Config): string {
  const { origin } = new URL(required(config, 'AGOS_ASSETS_URL'));
  if (config.AGOS_PUBLIC_URL && new URL(config.AGOS_PUBLIC_URL).origin === origin) {
    throw new Error('AGOS_ASSETS_URL must have another origin than AGOS_PUBLIC_URL.');
  }
  return origin;
}
