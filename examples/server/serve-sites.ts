import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { assertLoopback } from './address.ts';
import { type Authority, certificateRequest } from './authority.ts';
import { readPublicFiles } from './public-files.ts';
import { type LoadedSite, redirectToHttps, refuseHost, respond } from './respond.ts';
import { readSite, type Site } from './site.ts';

const TLS_HANDSHAKE = 0x16;

export type ServeSitesOptions = {
  /** Folders that each hold a site.json and a public folder. */
  folders: string[];
  address: string;
  /** 0 lets the system choose. */
  port: number;
  authority: Authority;
  now?: Date;
};

export type SiteServer = {
  address: string;
  port: number;
  sites: Site[];
  hosts: { host: string; aliases: string[] }[];
  close(): Promise<void>;
};

type ServedSite = LoadedSite & { context: SecureContext | null };
type SitesByName = ReadonlyMap<string, ServedSite>;

/** Serves sites under their own names on one loopback port that speaks both TLS and plain HTTP. */
export async function serveSites(options: ServeSitesOptions): Promise<SiteServer> {
  assertLoopback(options.address);
  const byName = await loadSites(options);
  const served = [...new Set(byName.values())];
  const http = createHttpServer((req, res) => handle(byName, req, res));
  http.on('clientError', (_error, socket) => socket.destroy());
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    accept(socket, byName, (ready) => http.emit('connection', ready));
  });
  await once(server.listen(options.port, options.address), 'listening');
  return {
    address: options.address,
    port: (server.address() as { port: number }).port,
    sites: served.map(({ site }) => site),
    hosts: served.map(({ site }) => ({ host: site.host, aliases: site.aliases })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function loadSites(options: ServeSitesOptions): Promise<SitesByName> {
  const byName = new Map<string, ServedSite>();
  for (const folder of options.folders) {
    const site = readSite(folder);
    const files = readPublicFiles(join(folder, 'public'));
    const entry = { site, files, context: await contextFor(site, options) };
    for (const name of [site.host, ...site.aliases]) {
      if (byName.has(name)) throw new Error(`Two sites are called ${name}; the second is ${folder}`);
      byName.set(name, entry);
    }
  }
  return byName;
}

async function contextFor(site: Site, { authority, now }: ServeSitesOptions): Promise<SecureContext | null> {
  if (site.tls === 'none') return null;
  return createSecureContext(await authority.issue(certificateRequest(site, now ?? new Date())));
}

/** Looks at the first byte, puts it back, and passes on the plain socket or a TLS one over it. */
function accept(socket: Socket, byName: SitesByName, ready: (socket: Socket) => void): void {
  socket.on('error', () => socket.destroy());
  socket.once('readable', () => {
    const first: Buffer | null = socket.read(1);
    if (first === null) return;
    socket.unshift(first);
    ready(first[0] === TLS_HANDSHAKE ? overTls(socket, byName) : socket);
  });
}

/** A name that is unknown ends in a TLS alert, a name without TLS in a reset of the connection. */
function overTls(socket: Socket, byName: SitesByName): TLSSocket {
  const secure = new TLSSocket(socket, {
    isServer: true,
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => {
      const served = byName.get(name.toLowerCase());
      if (served?.context === null) socket.resetAndDestroy();
      else done(null, served?.context);
    },
  });
  secure.on('error', () => secure.destroy());
  return secure;
}

function handle(byName: SitesByName, req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req;
  const served = byName.get(hostNameOf(req));
  if (!served) refuseHost(req, res);
  else if (!(socket instanceof TLSSocket)) answerPlain(served, socket, req, res);
  else if (served !== byName.get(serverNameOf(socket))) refuseHost(req, res);
  else respond(served, req, res);
}

/** Does over plain http what the site's `http` says. */
function answerPlain(served: ServedSite, socket: Socket, req: IncomingMessage, res: ServerResponse): void {
  if (served.site.http === 'off') socket.resetAndDestroy();
  else if (served.site.http === 'serve') respond(served, req, res);
  else redirectToHttps(served.site, socket.localPort ?? 443, req, res);
}

function serverNameOf(socket: TLSSocket): string {
  return (socket.servername || '').toLowerCase();
}

function hostNameOf(req: IncomingMessage): string {
  return (req.headers.host ?? '').replace(/:\d*$/, '').toLowerCase();
}
