import { serve } from '@hono/node-server';
import { createCodec } from '../../temporal/codec/codec.ts';
import { createDataConverter } from '../../temporal/codec/data-converter.ts';
import { createCodecEndpoint } from '../../temporal/codec/endpoint.ts';
import { parseKeyRing } from '../../temporal/codec/key-ring.ts';
import { openClient, readTemporalTarget } from '../../temporal/connection.ts';
import { createGateway } from '../../temporal/gateway.ts';
import { RUN_WORKFLOWS } from '../../temporal/run-workflows.ts';
import { parseIssuers } from '../access/identity/tokens.ts';
import { createAssetsServer } from '../assets/files/server.ts';
import { createAssetStore } from '../assets/files/store.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Config, readConfig, required } from '../runtime/config.ts';
import { openDatabase } from '../runtime/database/database.ts';
import { createEgressGuard } from '../runtime/egress/guard.ts';
import { createLogger } from '../runtime/logger.ts';
import { createApp } from './server.ts';

/** The API as a process: two origins, the API's and that of stored files. SIGTERM drains both and exits 0. */
const config = readConfig();
const logger = createLogger({ level: config.AGOS_LOG_LEVEL, name: 'api' });
const clock = systemClock;
const signingSecret = required(config, 'AGOS_SIGNING_SECRET');
const target = readTemporalTarget();
const client = openClient(target, createDataConverter(config.AGOS_PAYLOAD_KEYS));
const db = openDatabase({
  url: required(config, 'DATABASE_URL'),
  systemUrl: required(config, 'DATABASE_SYSTEM_URL'),
});
const files = {
  dir: required(config, 'AGOS_ASSETS_DIR'),
  origin: required(config, 'AGOS_ASSETS_URL'),
  signingSecret,
  clock,
};
const guard = createEgressGuard({ allowTargets: config.AGOS_ALLOW_TARGETS });

const app = createApp({
  db,
  clock,
  logger,
  signingSecret,
  gateway: createGateway({ client, workflows: RUN_WORKFLOWS, publicUrl: config.AGOS_PUBLIC_URL }),
  issuers: parseIssuers(config.AGOS_OIDC_ISSUERS),
  assets: createAssetStore(files),
  urlRules: { isAllowed: guard.isAllowed },
  workflowUrl: (workflowId) => webUiPage(config, target.namespace, workflowId),
});
mountCodec();

const servers = [
  serve({ fetch: app.fetch, hostname: config.AGOS_HOST, port: config.AGOS_PORT }),
  serve({
    fetch: createAssetsServer({ ...files, logger }).fetch,
    hostname: config.AGOS_HOST,
    port: config.AGOS_ASSETS_PORT,
  }),
];
logger.info({ port: config.AGOS_PORT, assets_port: config.AGOS_ASSETS_PORT }, 'API is serving');

for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    logger.info({ signal: name }, 'shutting down');
    shutDown().catch((error) => {
      logger.fatal({ err: error }, 'shut-down failed');
      process.exitCode = 1;
    });
  });
}

async function shutDown(): Promise<void> {
  await Promise.all(servers.map((server) => new Promise<void>((done) => server.close(() => done()))));
  await client.connection.close();
  await db.close();
}

/** The Web UI can decrypt payloads only where keys, a token and its own address are known. */
function mountCodec(): void {
  const { AGOS_PAYLOAD_KEYS: keys, AGOS_CODEC_TOKEN: token, AGOS_TEMPORAL_UI_URL: ui } = config;
  if (!keys || !token || !ui) return;
  const codec = createCodec(parseKeyRing(keys));
  const endpoint = createCodecEndpoint({
    codec,
    token,
    uiOrigin: new URL(ui).origin,
    namespace: target.namespace,
  });
  app.route('/codec', endpoint as never);
}

function webUiPage(
  { AGOS_TEMPORAL_UI_URL: ui }: Config,
  namespace: string,
  workflowId: string,
): string | null {
  return ui ? new URL(`/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`, ui).href : null;
}
