import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowTargets, freeLoopbackAddress } from './address.ts';
import { ask, certificateOf, type Target } from './ask.ts';
import { createAuthority } from './authority.ts';
import { type SiteServer, serveSites } from './serve-sites.ts';
import { listSiteFolders, readSite, type SiteFileContent } from './site.ts';

const DAY_MS = 86_400_000;
const EXAMPLES = listSiteFolders(join(import.meta.dirname, '..', 'sites'));

type SiteFile = Partial<SiteFileContent>;

let scratch: string;
let server: SiteServer;
let target: Target;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'agos-sites-'));
  writeFileSync(join(scratch, 'secret.txt'), 'not to be served');
  const made = [
    makeSite('redirecting', {
      aliases: ['www.redirecting.example'],
      routes: { '/hop': { location: '/end' } },
    }),
    makeSite('both', {
      http: 'serve',
      routes: {
        '/': { headers: { 'X-Powered-By': 'PHP/5.6.40' } },
        '/busy': { status: 503, file: 'busy.html', headers: { 'Retry-After': '60' } },
        '/gone': { status: 410 },
        '/slow': { delay_ms: 300, file: 'index.html' },
        '/never': { delay_ms: 600_000, file: 'index.html' },
      },
    }),
    makeSite('tls-only', { http: 'off' }),
    makeSite('plain', { tls: 'none', http: 'serve' }),
  ];
  const authority = await createAuthority();
  const port = 8443;
  const address = await freeLoopbackAddress(port);
  server = await serveSites({ folders: [...made, ...EXAMPLES], address, port, authority });
  target = { address, port, certificatePem: authority.certificatePem };
});

afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

function makeSite(slug: string, description: SiteFile): string {
  const folder = join(scratch, slug);
  mkdirSync(join(folder, 'public', 'about'), { recursive: true });
  const site = { host: `${slug}.example`, tls: 'valid', http: 'redirect', ...description };
  writeFileSync(join(folder, 'site.json'), JSON.stringify(site));
  writeFileSync(join(folder, 'public', 'index.html'), `<title>${slug}</title>`);
  writeFileSync(join(folder, 'public', 'busy.html'), 'come back later');
  writeFileSync(join(folder, 'public', 'about', 'index.html'), 'about us');
  return folder;
}

describe('one port for TLS and plain http', () => {
  it('serves a site under its name and its alias, over TLS that the authority vouches for', async () => {
    const home = await ask(target, 'https://redirecting.example:8443/');
    expect([home.status, home.body.toString()]).toEqual([200, '<title>redirecting</title>']);
    expect(home.headers['content-type']).toBe('text/html; charset=utf-8');
    expect((await ask(target, 'https://www.redirecting.example:8443/about/')).body.toString()).toBe(
      'about us',
    );
  });

  it('redirects plain http to the same page on https, keeping port and query', async () => {
    const reply = await ask(target, 'http://redirecting.example:8443/about/?from=ad');
    expect([reply.status, reply.headers.location]).toEqual([
      301,
      'https://redirecting.example:8443/about/?from=ad',
    ]);
  });

  it('serves the same page over plain http where the site says so', async () => {
    expect((await ask(target, 'http://both.example:8443/')).body.toString()).toBe('<title>both</title>');
  });

  it('resets plain http where it is off, and TLS where there is none', async () => {
    await expect(ask(target, 'http://tls-only.example:8443/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(ask(target, 'https://plain.example:8443/')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await ask(target, 'http://plain.example:8443/')).status).toBe(200);
  });

  it('answers an unknown name with a TLS alert, or with 421', async () => {
    await expect(ask(target, 'https://nobody.example:8443/')).rejects.toThrow(/alert/);
    expect((await ask(target, 'http://nobody.example:8443/')).status).toBe(421);
    const crossed = await ask(target, 'https://both.example:8443/', { host: 'tls-only.example:8443' });
    expect(crossed.status).toBe(421);
  });
});

describe('routes and files', () => {
  it('adds the headers of a route to the file that its path names', async () => {
    const home = await ask(target, 'https://both.example:8443/');
    expect([home.headers['x-powered-by'], home.body.toString()]).toEqual([
      'PHP/5.6.40',
      '<title>both</title>',
    ]);
  });

  it('answers with the status, file, headers and location that a route names', async () => {
    const busy = await ask(target, 'https://both.example:8443/busy');
    expect([busy.status, busy.headers['retry-after'], busy.body.toString()]).toEqual([
      503,
      '60',
      'come back later',
    ]);
    expect((await ask(target, 'https://both.example:8443/gone')).status).toBe(410);
    const hop = await ask(target, 'https://redirecting.example:8443/hop');
    expect([hop.status, hop.headers.location]).toEqual([302, '/end']);
  });

  it('waits before it answers where a route asks for delay', async () => {
    const started = performance.now();
    expect((await ask(target, 'https://both.example:8443/slow')).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(290);
  });

  it('serves nothing outside the public folder, however the path is written', async () => {
    for (const path of ['/../../secret.txt', '/%2e%2e/%2e%2e/secret.txt', '/..%2f..%2fsecret.txt', '/%00']) {
      expect((await ask(target, `http://both.example:8443${path}`)).status, path).toBe(404);
    }
    expect((await ask(target, 'http://both.example:8443/site.json')).status).toBe(404);
    expect((await ask(target, 'http://both.example:8443/%')).status).toBe(400);
  });

  it('refuses methods other than GET and HEAD, and answers HEAD without a body', async () => {
    expect((await ask(target, 'https://both.example:8443/', { method: 'POST' })).status).toBe(405);
    const head = await ask(target, 'https://both.example:8443/', { method: 'HEAD' });
    expect([head.status, head.body.length]).toEqual([200, 0]);
  });
});

describe('life of the server', () => {
  it('refuses any address that is not loopback', async () => {
    const authority = await createAuthority();
    for (const address of ['0.0.0.0', '10.0.0.1', '::', 'localhost']) {
      const attempt = serveSites({ folders: [], address, port: 0, authority });
      await expect(attempt, address).rejects.toThrow(/loopback only/);
    }
  });

  it('closes at once, also while a slow answer is pending', async () => {
    const authority = await createAuthority();
    const folders = [join(scratch, 'both')];
    const short = await serveSites({ folders, address: '127.0.0.1', port: 0, authority });
    const pending = ask({ ...target, ...short }, 'http://both.example/never');
    const outcome = expect(pending).rejects.toMatchObject({ code: 'ECONNRESET' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await short.close();
    await outcome;
  });

  it('names every host and alias for the egress guard', () => {
    const listed = allowTargets(server.hosts, target.address, 8443).split(',');
    expect(listed).toContain(`www.redirecting.example:8443=${target.address}`);
    expect(listed).toHaveLength(server.hosts.flatMap((site) => [site.host, ...site.aliases]).length);
  });
});

describe('every example site', () => {
  it.each(EXAMPLES.map((folder) => readSite(folder)))(
    '$host shows the certificate its site.json says',
    async (site) => {
      if (site.tls === 'none') {
        await expect(certificateOf(target, site.host)).rejects.toMatchObject({ code: 'ECONNRESET' });
        return;
      }
      const { certificate, verdict } = await certificateOf(target, site.host);
      const daysLeft = (Date.parse(certificate.valid_to) - Date.now()) / DAY_MS;
      const verdicts = { expired: /EXPIRED/, self_signed: /SELF_SIGNED/, wrong_name: /ALTNAME/ };
      if (site.tls === 'valid' || site.tls === 'expiring') expect(verdict).toBeNull();
      else expect(verdict).toMatch(verdicts[site.tls]);
      expect(checkServerIdentity(site.host, certificate) === undefined).toBe(site.tls !== 'wrong_name');
      expect(daysLeft).toBeCloseTo({ expired: -20, expiring: 12 }[site.tls as string] ?? 60, 1);
    },
  );

  it.each(EXAMPLES.map((folder) => readSite(folder)))(
    '$host answers plain http as its site.json says',
    async (site) => {
      const reply = ask(target, `http://${site.host}:8443/robots-of-nobody.txt`);
      if (site.http === 'off') await expect(reply).rejects.toMatchObject({ code: 'ECONNRESET' });
      else expect((await reply).status).toBe(site.http === 'redirect' ? 301 : 404);
    },
  );
});
