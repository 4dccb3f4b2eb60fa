import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { SiteHoldError } from '../../kernel/holds.ts';
import type { WithMachineLock } from '../browser/machine-lock.ts';
import type { OpenSite } from '../browser/open-site.ts';
import type { BrowserPool } from '../browser/pool.ts';
import { createAuditHost } from './audit-host.ts';
import type { LighthouseFacts } from './facts.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
/** Judging takes a second or two; a page of any size is judged by then, or never. */
const JUDGE_MS = 30_000;
/** Lighthouse itself goes to an empty page first, and pages may lead on as usual. */
const MAX_FOLLOWED = 6;

const TOO_LONG = `Judging what the page did took more than ${JUDGE_MS / 1000} seconds.`;

export type LighthouseRunner = {
  /** Audits one page as a phone, alone on this machine while it is loaded; throws the hold of a page that cannot be measured. */
  run(options: { url: string; signal: AbortSignal; timeoutMs?: number }): Promise<LighthouseFacts>;
  close(): Promise<void>;
};

function onlyOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

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

  async function gather(
    site: OpenSite,
    { url, deadlineMs, onRecorded }: { url: string; deadlineMs: number; onRecorded(): void },
  ): Promise<void> {
    await site.withPage({ device: null, deadlineMs, maxFollowed: MAX_FOLLOWED }, async (page) => {
      const marker = `about:blank#${randomUUID()}`;
      await page.goto(marker);
      const gone = new AbortController();
      page.once('close', () => gone.abort());
      page.once('crash', () => gone.abort());
      await host.gather(
        { port: site.debuggingPort, marker, url, contact },
        { signal: gone.signal, onRecorded },
      );
    });
  }

  async function judge(signal: AbortSignal): Promise<LighthouseFacts> {
    const late = AbortSignal.timeout(JUDGE_MS);
    try {
      return await host.judge(AbortSignal.any([signal, late]));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw late.aborted ? new SiteHoldError('page_timeout', TOO_LONG) : error;
    }
  }

  return {
    run: ({ url, signal, timeoutMs = DEFAULT_TIMEOUT_MS }) =>
      oneAtATime(() =>
        withMachineLock('exclusive', { signal }, async (lock) => {
          const share = onlyOnce(lock.share);
          const onRecorded = (): void => void share().catch(() => undefined);
          await pool.withSite({ signal, deadlineMs: timeoutMs }, (site) =>
            gather(site, { url, deadlineMs: timeoutMs, onRecorded }),
          );
          await share();
          return judge(signal);
        }),
      ),
    close: host.close,
  };
}
