import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestApp, type TestApp } from '../../tests/support/app.ts';
import { routeList } from '../../tests/support/route-list.ts';
import { ERROR_CODES, type ErrorCode } from '../kernel/errors.ts';
import { declaredErrors } from './kit/declared-errors.ts';

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
});
afterAll(() => app.close());

type Operation = {
  operationId: string;
  security: unknown;
  parameters?: { name: string; in: string }[];
  responses: Record<string, { description: string }>;
};
type Document = { openapi: string; paths: Record<string, Record<string, Operation>>; components: object };

const read = async (): Promise<Document> => (await app.request('GET', '/openapi.json')).body;

test('the document is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate((await read()) as never);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
  expect((await read()).openapi).toBe('3.1.0');
});

test('it has every mounted route once, with a stable operation id and all its error codes', async () => {
  const { paths } = await read();
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const routes = routeList();
  expect(operations.length).toBe(routes.length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
  for (const route of routes) {
    const operation = paths[route.path]?.[route.method];
    expect(operation?.operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(operation?.operationId).toBe(route.operationId);
    expect(operation?.security).toEqual([{ bearer: [] }]);
    for (const code of declaredErrors(route)) {
      expect(
        operation?.responses[ERROR_CODES[code].status]?.description,
        `${route.operationId} ${code}`,
      ).toContain(code);
    }
  }
});

test('each route has a permission, and each POST says that it takes an Idempotency-Key', async () => {
  const { paths } = await read();
  for (const route of routeList()) {
    expect(route.permission, route.path).toBeTruthy();
    const names = (paths[route.path]?.[route.method]?.parameters ?? []).map(({ name }) => name);
    expect(names.includes('Idempotency-Key'), route.path).toBe(route.method === 'post');
    expect(names.includes('If-Match'), route.path).toBe(route.method === 'patch');
    for (const [, parameter] of route.path.matchAll(/\{(\w+)\}/g)) expect(names).toContain(parameter);
  }
});

test('every error code belongs to one status and is in the document', async () => {
  const text = JSON.stringify((await read()).components);
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) expect(text).toContain(`"${code}"`);
});

test('no schema demands to be two closed objects at once, which nothing can be', async () => {
  expect(JSON.stringify(await read())).not.toContain('"allOf"');
});

test('every answer says what is left of the limit, and a refusal when to try again', async () => {
  const { paths } = await read();
  for (const operation of Object.values(paths).flatMap((path) => Object.values(path))) {
    for (const [status, answer] of Object.entries(operation.responses)) {
      const headers = Object.keys((answer as { headers?: object }).headers ?? {});
      expect(headers, `${operation.operationId} ${status}`).toEqual(
        expect.arrayContaining(['RateLimit', 'RateLimit-Policy', 'X-RateLimit-Limit']),
      );
      if (status === '429') expect(headers).toContain('Retry-After');
    }
    expect(operation.responses).toHaveProperty('429');
  }
});

test('the reference page loads nothing from another host', async () => {
  const page = await app.request('GET', '/reference');
  expect(page.status).toBe(200);
  expect(page.text).not.toMatch(/(src|href|url)="?https?:/);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/https?:|\*|script-src[^;]*unsafe/);
  const [, script] = /<script src="([^"]+)"/.exec(page.text) ?? [];
  const bundle = await app.request('GET', script!);
  expect([bundle.status, bundle.headers.get('content-type')]).toEqual([
    200,
    'text/javascript; charset=utf-8',
  ]);
  expect(bundle.text.length).toBeGreaterThan(100_000);
  const again = await app.request('GET', script!, {
    headers: { 'if-none-match': bundle.headers.get('etag')! },
  });
  expect(again.status).toBe(304);
});

test('health says that the process lives, readiness which part does not answer', async () => {
  expect((await app.request('GET', '/healthz')).body).toEqual({ status: 'ok' });
  const parts = { database: 'reachable', temporal: 'reachable' };
  expect((await app.request('GET', '/readyz')).body).toEqual({ status: 'ready', parts });
  app.gateway.up = false;
  // An answer is good for a second.
  const degraded = async () => {
    const { status, body } = await app.request('GET', '/readyz');
    return [status, body.status, body.parts.temporal];
  };
  await expect.poll(degraded, { timeout: 3_000 }).toEqual([200, 'degraded', 'unreachable']);
  app.gateway.up = true;
});
