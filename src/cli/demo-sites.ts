import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allowTargets,
  createAuthority,
  freeLoopbackAddress,
  listSiteFolders,
  serveSites,
} from '../../examples/server/index.ts';

/** The port that `examples/leads.csv` names; the loopback address is what varies. */
const SITES_PORT = 8443;
const EXAMPLES = join(import.meta.dirname, '../../examples');

export type DemoSites = {
  count: number;
  /** Variables with which API and worker may reach the sites, under their own names and authority. */
  environment: Record<string, string>;
  leadsFile: string;
  close(): Promise<void>;
};

/** Serves the example sites on a loopback address of their own, beside whatever else uses the port. */
export async function startDemoSites(dataDir: string): Promise<DemoSites> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const authority = await createAuthority();
  const address = await freeLoopbackAddress(SITES_PORT);
  const folders = listSiteFolders(join(EXAMPLES, 'sites'));
  const server = await serveSites({ folders, address, port: SITES_PORT, authority });
  const authorityFile = join(dataDir, 'demo-authority.pem');
  writeFileSync(authorityFile, authority.certificatePem);
  return {
    count: server.sites.length,
    environment: {
      AGOS_ENV: 'development',
      AGOS_EXTRA_CA: authorityFile,
      AGOS_ALLOW_TARGETS: allowTargets(server.hosts, address, SITES_PORT),
    },
    leadsFile: join(EXAMPLES, 'leads.csv'),
    close: () => server.close(),
  };
}
