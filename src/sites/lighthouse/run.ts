import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import type { WithMachineLock } from '../browser/machine-lock.ts';
import type { OpenSite } from '../browser/open-site.ts';
import type { BrowserPool } from '../browser/pool.ts';
import { createAuditHost } from './audit-host.ts';
import type { LighthouseFacts } from './facts.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Lighthouse itself goes to an empty page first, and pages may lead on as usual. */
const MAX_FOLLOWED = 6;

export type LighthouseRunner = {
  /** Audits one page as a phone, alone on this machine; throws the hold of a page that cannot be measured. */
  run(options: { url: string; signal: AbortSignal; timeoutMs?: number }): Promise<LighthouseFacts>;
  close(): Promise<void>;
};

/** Makes the one place of a process that runs Lighthouse: the module bears one audit at a time. */
export function createLighthouseRunner(deps: {
  pool: BrowserPool;
  withMachineLock: WithMachineLock;
  /** Whom sites may ask about us; part of the user agent. */
  contact?: string | undefined;
}): LighthouseRunner {
  const { pool, withMachineLock, contact } = deps;
  const oneAtATime = pLimit(1);
  const host = createAuditHost();

  async function audit(site: OpenSite, url: string, deadlineMs: number): Promise<LighthouseFacts> {
    return await site.withPage({ device: null, deadlineMs, maxFollowed: MAX_FOLLOWED }, async (page) => {
      const marker = `about:blank#${randomUUID()}`;
      await page.goto(marker);
      const gone = new AbortController();
      page.once('close', () => gone.abort());
      page.once('crash', () => gone.abort());
      return await host.audit({ port: site.debuggingPort, marker, url, contact }, gone.signal);
    });
  }

  return {
    run: ({ url, signal, timeoutMs = DEFAULT_TIMEOUT_MS }) =>
      oneAtATime(() =>
        withMachineLock('exclusive', { signal }, () =>
          pool.withSite({ signal, deadlineMs: timeoutMs }, (site) => audit(site, url, timeoutMs)),
        ),
      ),
    close: host.close,
  };
}
