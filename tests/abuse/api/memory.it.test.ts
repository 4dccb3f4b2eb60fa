import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createFolderStorage } from '../../../src/assets/files/folder.ts';
import { createLinks } from '../../../src/assets/files/links.ts';
import { pathFor } from '../../../src/assets/files/paths.ts';
import type { AssetRow } from '../../../src/assets/files/repository.ts';
import { digestOfBytes } from '../../../src/assets/files/verified.ts';
import { newId } from '../../../src/runtime/ids.ts';
import { type ApiProcess, startApiProcess } from '../../support/api-process.ts';
import { TEST_ASSETS_ORIGIN, TEST_SECRET } from '../../support/app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, type TestTenant } from '../../support/tenant.ts';

const FILE = Buffer.alloc(25_000_000, 'name,url\n');
/** Of each of two tenants: 600 MB together. */
const EACH = 12;
/** What the budget is, and what a process has in its hands beside it. */
const MOST_BYTES = 200_000_000 + 150_000_000;

let database: TestDatabase;
let tenants: TestTenant[];
let other: TestTenant;
beforeAll(async () => {
  database = await createTestDatabase();
  tenants = [await createTenant(database), await createTenant(database)];
  other = await createTenant(database);
});
afterAll(() => database?.close());

async function startApi(
  environment: Record<string, string> = {},
): Promise<ApiProcess & { grownBytes(): number }> {
  const api = await startApiProcess(database, environment);
  onTestFinished(() => api.stop());
  const before = memoryOf(api.pid, 'VmRSS');
  return { ...api, grownBytes: () => memoryOf(api.pid, 'VmHWM') - before };
}

/** What a process holds, or held at most. */
function memoryOf(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
}

type Client = { socket: Socket; answer(): string };

/** A client by hand, since others neither stop in the middle nor read slowly. */
async function open(url: string, head: string[]): Promise<Client> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`${[...head, 'host: x'].join('\r\n')}\r\n\r\n`);
  let text = '';
  const answer = () => text;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1').slice(0, 1_000);
  });
  return { socket, answer };
}

const forEach = <T>(make: (tenant: TestTenant) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: EACH * 2 }, (_, at) => make(tenants[at % 2]!)));

async function expectOthersAnswered(api: ApiProcess): Promise<void> {
  const begun = performance.now();
  expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${api.url}/v1/me`, { headers: other.keys.owner.headers })).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(3_000);
}

const countOf = (clients: readonly Client[], start: RegExp) =>
  clients.filter(({ answer }) => start.test(answer())).length;

// sabotage: src/api/kit/execute.ts :: return bytes <= FREE_BYTES ? () => {} : deps.byteBudget.take(tenant.id, bytes); => return bytes <= FREE_BYTES ? () => {} : () => {};
test('large bodies that do not end leave the process its memory; those without room are told to come again', async () => {
  const api = await startApi();
  const uploads = await forEach(({ keys }) =>
    open(api.url, [
      'POST /v1/batches?name=leads.csv&triage=false HTTP/1.1',
      `authorization: ${keys.owner.headers.authorization}`,
      'content-type: text/csv',
      `content-length: ${FILE.byteLength}`,
    ]),
  );
  for (const { socket } of uploads) socket.write(FILE.subarray(1));
  await expect.poll(() => countOf(uploads, /^HTTP\/1\.1 503/), { timeout: 20_000 }).toBe(EACH * 2 - 8);
  await expectOthersAnswered(api);
  for (const { answer } of uploads) expect(answer()).toMatch(/^(?:$|HTTP\/1\.1 503.*retry-after: \d)/s);
  for (const { socket } of uploads) socket.write(FILE.subarray(0, 1));
  await expect.poll(() => countOf(uploads, /^HTTP\/1\.1 202/), { timeout: 20_000 }).toBe(8);
  expect(api.grownBytes()).toBeLessThan(MOST_BYTES);
}, 120_000);

// sabotage: src/assets/files/server.ts :: const release = await deps.byteBudget.take(claims.tenant, claims.sizeBytes); => const release = () => {};
test('files whose readers take nothing leave the process its memory; their room is free when they are gone', async () => {
  const api = await startApi();
  const paths = new Map<TestTenant, string>();
  for (const tenant of tenants) paths.set(tenant, await putFile(api, tenant));
  const get = (tenant: TestTenant) => open(api.assetsUrl, [`GET ${paths.get(tenant)} HTTP/1.1`]);
  const readers = await forEach(async (tenant) => {
    const reader = await get(tenant);
    reader.socket.once('data', () => reader.socket.pause());
    return reader;
  });
  await expect.poll(() => countOf(readers, /^HTTP/), { timeout: 20_000 }).toBe(EACH * 2);
  expect(countOf(readers, /^HTTP\/1\.1 200/)).toBe(8);
  expect(countOf(readers, /^HTTP\/1\.1 503.*retry-after: \d/s)).toBe(EACH * 2 - 8);
  await expectOthersAnswered(api);
  expect(api.grownBytes()).toBeLessThan(MOST_BYTES);
  for (const { socket } of readers) socket.destroy();
  await sleep(100);
  for (const { socket, answer } of await Promise.all(tenants.map(get))) {
    await expect.poll(answer, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 200/);
    socket.destroy();
  }
}, 120_000);

/** As many as an address may send without valid credentials; 675 MB together. */
const STRANGERS = 90;
const CODEC = {
  AGOS_PAYLOAD_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  AGOS_CODEC_TOKEN: 'a-token-of-24-characters',
  AGOS_TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
};

// sabotage: temporal/codec/endpoint.ts :: admit(c, options, token); => await readBytes(c.req.raw, MAX_BODY_BYTES); admit(c, options, token);
test('the codec refuses bodies without end of whom nobody knows before it reads them', async () => {
  const api = await startApi(CODEC);
  const paths = ['decode', 'encode', 'wrong/decode', 'wrong/encode'];
  const strangers = await Promise.all(
    Array.from({ length: STRANGERS }, (_, at) =>
      open(api.url, [`POST /codec/${paths[at % paths.length]} HTTP/1.1`, 'transfer-encoding: chunked']),
    ),
  );
  const part = FILE.subarray(0, 7_500_000);
  for (const { socket } of strangers) {
    socket.write(`${part.byteLength.toString(16)}\r\n`);
    socket.write(part);
  }
  await expect.poll(() => countOf(strangers, /^HTTP\/1\.1 401/), { timeout: 10_000 }).toBe(STRANGERS);
  await expectOthersAnswered(api);
  expect(api.grownBytes()).toBeLessThan(MOST_BYTES);
}, 120_000);

/** A file as an import leaves it, and the path of its link. */
async function putFile({ assetsDir }: ApiProcess, tenant: TestTenant): Promise<string> {
  const id = newId();
  const storagePath = pathFor(tenant.id, id);
  const digest = digestOfBytes(FILE);
  await createFolderStorage(assetsDir).put(storagePath, { bytes: FILE, digest });
  const file = { storagePath, digest, sizeBytes: FILE.byteLength, mime: 'text/csv', filename: 'leads.csv' };
  const links = createLinks({ origin: TEST_ASSETS_ORIGIN, signingSecret: TEST_SECRET });
  const asset = { ...file, tenantId: tenant.id, id } as AssetRow;
  const { pathname, search } = new URL(links.sign(asset, new Date(Date.now() + 600_000)));
  return `${pathname}${search}`;
}
