import type { Tracer } from '@opentelemetry/api';
import { inSpan } from '../../runtime/telemetry/spans.ts';
import type { Limits, SiteScanner } from './site-scanner.ts';

/** The same scanner; each step is a span of its activity. It tells no address: that is the customer's matter. */
export function traceScanner(scanner: SiteScanner, tracer: Tracer): SiteScanner {
  const spanned =
    <Request extends Limits, T>(step: string, run: (request: Request) => Promise<T>) =>
    (request: Request): Promise<T> =>
      inSpan(tracer, `scan ${step}`, {}, () => run(request));
  return {
    fetchSite: spanned('fetch', scanner.fetchSite),
    inspectPage: spanned('inspect', scanner.inspectPage),
    checkLinks: spanned('links', scanner.checkLinks),
    measurePage: spanned('measure', scanner.measurePage),
  };
}
