import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { parseTraceparent } from '../kernel/trace-place.ts';
import { toSpanContext } from '../runtime/telemetry/spans.ts';
import type { ApiEnv } from './kit/mount.ts';
import { methodOf, routeOf } from './observe-requests.ts';

/**
 * Each request begins a trace of its own. A caller's `traceparent` becomes a link and no parent: a stranger
 * may neither join another trace nor have everything recorded. Their `tracestate` and `baggage` are not read.
 */
export function traceRequests(tracer: Tracer): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const from = parseTraceparent(c.req.header('traceparent'));
    const method = methodOf(c.req.method);
    const links = from ? [{ context: toSpanContext(from) }] : [];
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, links }, ROOT_CONTEXT);
    try {
      await context.with(trace.setSpan(ROOT_CONTEXT, span), next);
    } finally {
      const route = routeOf(routePath(c));
      const { status } = c.res;
      span.updateName(`${method} ${route}`);
      span.setAttributes({
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        'agos.request_id': c.get('requestId') ?? '',
      });
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    }
  };
}
