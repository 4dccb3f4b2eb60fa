import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import type { AddressInfo } from 'node:net';
import { createAuthority } from '../../examples/server/index.ts';
import { createEgressGuard } from '../../src/runtime/egress/guard.ts';
import { startFilteringProxy } from '../../src/runtime/egress/proxy.ts';
import {
  type BrowserPool,
  type BrowserPoolOptions,
  createBrowserPool,
} from '../../src/sites/browser/pool.ts';
import { findChromium } from '../../src/stack/chromium/find.ts';

export type TestPages = { port: number; url(path: string): string; close(): Promise<void> };

/** Serves pages on loopback; `url` gives them a name that only the guard's allow-list knows. */
export function servePages(host: string, handler: RequestListener): Promise<TestPages> {
  return listen(createServer(handler), `http://${host}`);
}

/** Serves pages over TLS with a certificate that no browser trusts. */
export async function serveTlsPages(host: string, handler: RequestListener): Promise<TestPages> {
  const authority = await createAuthority();
  const day = 86_400_000;
  const term = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + day) };
  return await listen(
    createTlsServer(await authority.issue({ names: [host], ...term }), handler),
    `https://${host}`,
  );
}

async function listen(server: Server, origin: string): Promise<TestPages> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (path) => `${origin}:${port}${path}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A pool on the machine's real Chromium behind the real proxy, small enough to be worn out in a test. */
export async function testPool(
  allowTargets: string,
  options: Partial<BrowserPoolOptions> & { maxBytes?: number } = {},
): Promise<BrowserPool> {
  const { maxBytes, ...more } = options;
  const guard = createEgressGuard({ allowTargets });
  return createBrowserPool({
    executablePath: await testChromium(),
    sandbox: 'on',
    rendererMemoryMb: 700,
    maxSites: 1_000,
    maxMemoryMb: 4_000,
    startProxy: () => startFilteringProxy({ guard, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    ...more,
  });
}

let chromium: Promise<string> | undefined;

/** The Chromium that the whole stack would use; looked for once by each test file. */
export function testChromium(): Promise<string> {
  const quiet = { line: () => undefined, working: () => undefined };
  chromium ??= findChromium({ environment: process.env, progress: quiet, allowInstall: true }).then(
    (found) => found.path,
  );
  return chromium;
}
