import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allowTargets, freeLoopbackAddress } from './address.ts';
import { createAuthority } from './authority.ts';
import { serveSites } from './serve-sites.ts';
import { listSiteFolders, siteUrl } from './site.ts';

const { values } = parseArgs({ options: { port: { type: 'string', default: '8443' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write(`--port takes a number from 1 to 65535, not ${values.port}\n`);
  process.exit(2);
}

const authority = await createAuthority();
const address = await freeLoopbackAddress(port);
const folders = listSiteFolders(join(import.meta.dirname, '..', 'sites'));
const server = await serveSites({ folders, address, port, authority });

const folder = mkdtempSync(join(tmpdir(), 'agos-examples-'));
const authorityPath = join(folder, 'authority.pem');
writeFileSync(authorityPath, authority.certificatePem);

const lines = server.sites.map((site) => `  ${siteUrl(site, port)}  (certificate: ${site.tls})`);
process.stdout.write(`${server.sites.length} sites on ${address}:${port}\n${lines.join('\n')}\n`);
process.stdout.write(`AGOS_EXTRA_CA=${authorityPath}\n`);
process.stdout.write(`AGOS_ALLOW_TARGETS=${allowTargets(server.hosts, address, port)}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    rmSync(folder, { recursive: true, force: true });
    void server.close();
  });
}
