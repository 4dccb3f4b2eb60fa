import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { Histogram } from 'prom-client';
import { type Registry, WAIT_SECONDS } from '../runtime/telemetry/registry.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts and times requests by the route's template: what a caller puts into an address is never a label. */
export function observeRequests(registry: Registry): MiddlewareHandler {
  const duration = new Histogram({
    name: 'agos_http_request_duration_seconds',
    help: 'Requests, until the answer begins.',
    labelNames: ['route', 'method', 'status'],
    buckets: WAIT_SECONDS,
    registers: [registry],
  });
  return async (c, next) => {
    const ended = duration.startTimer();
    await next();
    ended({
      route: routeOf(routePath(c)),
      method: methodOf(c.req.method),
      status: statusClass(c.res.status),
    });
  };
}

/** As the API's document writes it; what no route takes has the pattern of a middleware. */
export function routeOf(path: string): string {
  return path.includes('*') ? 'none' : path.replace(/:(\w+)/g, '{$1}');
}

/** Callers may send any word as a method. */
export const methodOf = (method: string): string => (METHODS.has(method) ? method : 'OTHER');

const statusClass = (status: number): string => `${Math.floor(status / 100)}xx`;
