import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  allowTargets,
  createAuthority,
  freeLoopbackAddress,
  listSiteFolders,
  readLabels,
  serveSites,
  siteUrl,
} from '../../examples/server/index.ts';
import type { BenchContext } from './benchmark.ts';

const PORT = 8_443;
const EXAMPLES = join(import.meta.dirname, '../../examples/sites');

export type BenchSites = {
  address: string;
  urls: string[];
  /** Variables with which our API and worker may reach the sites. */
  environment: Record<string, string>;
  close(): Promise<void>;
};

/** Serves site folders under names of their own, with certificates of an authority that only ours trusts. */
export async function serveBenchSites({ dataDir }: BenchContext, folders: string[]): Promise<BenchSites> {
  const authority = await createAuthority();
  const address = await freeLoopbackAddress(PORT);
  const server = await serveSites({ folders, address, port: PORT, authority });
  const authorityFile = join(dataDir, 'authority.pem');
  writeFileSync(authorityFile, authority.certificatePem);
  return {
    address,
    urls: server.sites.map((site) => siteUrl(site, PORT)),
    environment: {
      AGOS_ENV: 'development',
      AGOS_EXTRA_CA: authorityFile,
      AGOS_ALLOW_TARGETS: allowTargets(server.hosts, address, PORT),
    },
    close: () => server.close(),
  };
}

/** Folders of the example sites that can be scanned. */
export function exampleFolders(): string[] {
  return listSiteFolders(EXAMPLES).filter((folder) => readLabels(folder).hold === null);
}
