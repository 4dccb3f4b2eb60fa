import { join } from 'node:path';
import { type Environment, userCacheDir } from './cache.ts';
import { findPostgres, probePostgres } from './postgres/find.ts';
import { startPostgres } from './postgres/start.ts';
import type { Progress } from './progress.ts';
import { recallPorts, rememberPorts } from './remembered-ports.ts';
import { type ExternalTemporal, findTemporalServer } from './temporal/find.ts';
import { withConnection } from './temporal/health.ts';
import type { NamespaceSetup } from './temporal/namespace-setup.ts';
import { startTemporalServer } from './temporal/start.ts';

/** One part of a running stack, and what the API and the workers must know to reach it. */
export type StackPart = {
  name: 'PostgreSQL' | 'Temporal' | 'Chromium';
  version: string;
  source: string;
  where: string;
  /** True when this stack started it and will end it. */
  embedded: boolean;
  variables: Record<string, string>;
  /** Resolves with a sentence when its process has ended. */
  failed: Promise<string>;
  stop(): Promise<void>;
};

type Context = {
  dataDir: string;
  environment: Environment;
  progress: Progress;
  namespaceSetup: NamespaceSetup;
  uiCodecEndpoint?: string;
  ui?: boolean;
};

/** What a part is to us that somebody else runs. */
export function notOurs(): Pick<StackPart, 'embedded' | 'failed' | 'stop'> {
  return { embedded: false, failed: new Promise(() => undefined), stop: async () => undefined };
}

/** The PostgreSQL that DATABASE_URL names, else one of our own with its roles. */
export async function provideDatabase(context: Context): Promise<StackPart> {
  const { environment, progress, dataDir } = context;
  const found = findPostgres(environment);
  if (found) {
    const version = await probePostgres(found.url, 'DATABASE_URL');
    await probePostgres(found.systemUrl, 'DATABASE_SYSTEM_URL');
    progress.line(`PostgreSQL ${version} (DATABASE_URL) answers`);
    const where = new URL(found.url).host;
    return {
      name: 'PostgreSQL',
      version,
      source: 'DATABASE_URL',
      where,
      variables: databaseVariables(found),
      ...notOurs(),
    };
  }
  const server = await startPostgres({ dataDir, progress });
  return {
    name: 'PostgreSQL',
    version: server.version,
    source: 'embedded',
    where: server.home,
    embedded: true,
    variables: databaseVariables(server),
    failed: endedSentence(server.exited, 'PostgreSQL', join(server.home, 'postgres.log')),
    stop: server.stop,
  };
}

function databaseVariables(urls: {
  url: string;
  systemUrl: string;
  adminUrl?: string;
}): Record<string, string> {
  return {
    DATABASE_URL: urls.url,
    DATABASE_SYSTEM_URL: urls.systemUrl,
    ...(urls.adminUrl && { DATABASE_ADMIN_URL: urls.adminUrl }),
  };
}

/** The Temporal server that TEMPORAL_ADDRESS names, else a development server of our own on a file. */
export async function provideTemporal(context: Context): Promise<StackPart> {
  const { environment, progress, dataDir, uiCodecEndpoint, ui } = context;
  const found = await findTemporalServer({ environment, cacheDir: userCacheDir(environment), progress });
  if (found.kind === 'external') return await useExternalTemporal(found, context);
  const server = await startTemporalServer({
    binary: found.path,
    version: `${found.version} (${found.source})`,
    dataDir,
    progress,
    searchAttributes: context.namespaceSetup.searchAttributes,
    ports: await recallPorts(dataDir),
    ...(uiCodecEndpoint && { uiCodecEndpoint }),
    ...(ui !== undefined && { ui }),
  });
  await rememberPorts(dataDir, server.ports);
  return {
    name: 'Temporal',
    version: found.version,
    source: found.source,
    where: found.path,
    embedded: true,
    variables: temporalVariables(server.address, server.uiUrl, dataDir),
    failed: endedSentence(server.exited, 'Temporal', join(dataDir, 'temporal.log')),
    stop: server.stop,
  };
}

/** The user's own Temporal configuration file may demand TLS or a key: for our server there is none. */
function temporalVariables(address: string, uiUrl: string | null, dataDir: string): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_CONFIG_FILE: join(dataDir, 'no-temporal-configuration.toml'),
    ...(uiUrl && { AGOS_TEMPORAL_UI_URL: uiUrl }),
  };
}

async function useExternalTemporal(found: ExternalTemporal, context: Context): Promise<StackPart> {
  const { address, namespace, connectionOptions } = found;
  const outcome = await withConnection(connectionOptions, (connection) =>
    context.namespaceSetup.ensure(connection, namespace),
  ).catch((error: Error) => {
    throw new Error(
      `The Temporal server at ${address}, namespace ${namespace}, does not answer (${error.message}): ` +
        'check TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, or unset them and AgOS starts one of its own.',
    );
  });
  if (outcome.outcome === 'refused') {
    throw new Error(`The namespace ${namespace} lacks search attributes. Run: ${outcome.command}`);
  }
  context.progress.line(`Temporal at ${address} (TEMPORAL_ADDRESS) answers`);
  return {
    name: 'Temporal',
    version: 'see agos doctor',
    source: 'TEMPORAL_ADDRESS',
    where: address,
    variables: {}, // its own TEMPORAL_* stay as they are
    ...notOurs(),
  };
}

async function endedSentence(exited: Promise<string>, name: string, logFile: string): Promise<string> {
  return `${name} ended by itself (${await exited}); ${logFile} says why.`;
}
