import { createHash } from 'node:crypto';
import { SiteHoldError } from '../../src/kernel/holds.ts';
import type { GuardedFetch } from '../../src/runtime/egress/fetch.ts';
import { FetchFault } from '../../src/runtime/egress/fetch-fault.ts';
import type { FetchFacts, LinkCheck } from '../../src/sites/fetch/facts.ts';

export async function fetchFacts(fetcher: GuardedFetch, url: string): Promise<FetchFacts> {
  const session = fetcher.open({ tls: 'judge' });
  try {
    const got = await session.fetch({ url, maxBytes: 5_000_000, timeoutMs: 15_000 });
    if (got.status >= 400) throw new SiteHoldError('http_error', `status ${got.status}`);
    const c = got.certificate;
    return {
      requested_url: url,
      final_url: got.url,
      hops: got.hops,
      status: got.status,
      headers: got.headers,
      certificate: {
        state: c === null ? 'none' : (c.fault ?? 'valid'),
        reason: c?.reason ?? null,
        valid_to: c?.validTo ?? null,
        issuer: c?.issuer ?? null,
        subject: c?.subject ?? null,
      },
      robots: { state: 'missing', crawl_delay_seconds: null },
      html_bytes: got.body.length,
      html_sha256: createHash('sha256').update(got.body).digest('hex'),
      fetched_at: '',
      duration_ms: 0,
    };
  } catch (error) {
    if (error instanceof FetchFault) throw new SiteHoldError(error.code as 'unreachable', error.message);
    throw error;
  } finally {
    await session.close();
  }
}

export async function checkLinks(fetcher: GuardedFetch, urls: string[]): Promise<LinkCheck[]> {
  const session = fetcher.open({ tls: 'judge' });
  const out: LinkCheck[] = [];
  for (const url of urls) {
    try {
      const got = await session.fetch({ url, method: 'GET', maxBytes: 5_000_000, timeoutMs: 10_000 });
      const broken = got.status === 404 || got.status === 410;
      out.push({
        url,
        status: got.status,
        outcome: broken ? 'broken' : got.status < 400 ? 'ok' : 'unknown',
        reason: null,
      });
    } catch (error) {
      out.push({ url, status: null, outcome: 'unknown', reason: String(error) });
    }
  }
  await session.close();
  return out;
}
