import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userCacheDir } from '../../../src/stack/cache.ts';
import { createProgress } from '../../../src/stack/progress.ts';
import { findTemporalServer } from '../../../src/stack/temporal/find.ts';
import { type RunningTemporal, startTemporalServer } from '../../../src/stack/temporal/start.ts';
import { readTemporalTarget, type TemporalTarget } from '../../../temporal/connection.ts';
import { SEARCH_ATTRIBUTES } from '../../../temporal/search-attributes.ts';
import { withoutTemporalService } from '../../support/provide.ts';

export type TestServer = {
  target: TemporalTarget;
  address: string;
  /** Folder of the state file. */
  dataDir: string;
  pid: number;
  /** SIGKILL; the state file stays, and `restart` goes on from it on the same port. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
};

/** Starts Temporal's development server for one test file, on a state file of its own; on this port if it is free. */
export async function startTestServer(
  searchAttributes: Record<string, 'Keyword'> = SEARCH_ATTRIBUTES,
  port?: number,
): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'agos-test-temporal-'));
  const found = await findTemporalServer({
    environment: withoutTemporalService(process.env),
    cacheDir: userCacheDir(process.env),
    progress: createProgress(),
  });
  if (found.kind !== 'binary') throw new Error('a test needs a server of its own');
  const launch = (grpc?: number): Promise<RunningTemporal> =>
    startTemporalServer({
      binary: found.path,
      dataDir,
      ui: false,
      searchAttributes,
      ...(grpc === undefined ? {} : { ports: { grpc } }),
    });
  let server = await launch(port);
  const { address, ports } = server;
  return {
    address,
    dataDir,
    target: readTemporalTarget({ TEMPORAL_ADDRESS: address }),
    get pid() {
      return server.pid;
    },
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.exited;
      await server.stop();
    },
    restart: async () => {
      server = await launch(ports.grpc);
    },
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
