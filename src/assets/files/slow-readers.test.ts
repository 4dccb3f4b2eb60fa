import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../api/listen.ts';
import { createByteBudget } from '../../runtime/byte-budget.ts';
import { systemClock } from '../../runtime/clock.ts';
import { newId } from '../../runtime/ids.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createFolderStorage } from './folder.ts';
import { createLinks } from './links.ts';
import { pathFor } from './paths.ts';
import type { AssetRow } from './repository.ts';
import { createAssetsServer } from './server.ts';
import { digestOfBytes } from './verified.ts';

/** More than the sockets between a server and its client take. */
const FILE = Buffer.alloc(24_000_000, 'name,url\n');
const PACE = { bytesPerSecond: 2_000_000, behindMs: 2_000 };
/** Takes less than that, and something all the time. */
const TRICKLE_REST_MS = 60;

/** A server of one file of each tenant, with room for two that hold theirs once; the addresses of the links. */
async function serveFiles(tenants: number): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'agos-test-slow-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const options = { origin: 'http://assets.example', signingSecret: 'a secret of 32 characters and more' };
  const storage = createFolderStorage(dir);
  const logger = createLogger({ level: 'silent' });
  const byteBudget = createByteBudget(FILE.byteLength * 2, 30_000);
  const app = createAssetsServer({ ...options, storage, logger, byteBudget, clock: systemClock }, PACE);
  const server = await listen(app, { hostname: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const serveOne = async (): Promise<string> => {
    const [tenantId, id] = [newId(), newId()];
    const [storagePath, digest] = [pathFor(tenantId, id), digestOfBytes(FILE)];
    await storage.put(storagePath, { bytes: FILE, digest });
    const about = { sizeBytes: FILE.byteLength, mime: 'text/csv', filename: 'leads.csv' };
    const asset = { tenantId, id, storagePath, digest, ...about } as AssetRow;
    const { pathname, search } = new URL(createLinks(options).sign(asset, new Date(Date.now() + 60_000)));
    return `http://127.0.0.1:${server.port}${pathname}${search}`;
  };
  return Promise.all(Array.from({ length: tenants }, serveOne));
}

async function serveFile(): Promise<string> {
  const [url] = await serveFiles(1);
  return url!;
}

async function begin(url: string): Promise<IncomingMessage> {
  const [answer] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  onTestFinished(() => void answer.destroy());
  return answer;
}

/** Takes the whole of an answer, with a rest after each piece. */
async function take(answer: IncomingMessage, restMs = 0): Promise<number> {
  let taken = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    taken += piece.byteLength;
    if (restMs > 0) await sleep(restMs);
  }
  return taken;
}

// sabotage: src/assets/files/server.ts :: if (incoming && outgoing) requirePace(outgoing, incoming.socket, pace); =>
test('a reader that takes nothing is cut off, and its room is free for the next', async () => {
  const url = await serveFile();
  const idle = await begin(url);
  const next = await begin(url);
  expect(next.statusCode).toBe(200);
  expect(await take(next)).toBe(FILE.byteLength);
  await expect(take(idle)).rejects.toThrow('aborted');
});

test('a reader that is slow and goes on gets the whole file', async () => {
  const begun = performance.now();
  expect(await take(await begin(await serveFile()), 8)).toBe(FILE.byteLength);
  expect(performance.now() - begun).toBeGreaterThan(PACE.behindMs);
});

// sabotage: src/assets/files/pace.ts :: leftMs - lookEveryMs + gainedMs => gainedMs > 0 ? pace.behindMs : leftMs - lookEveryMs
test('two tenants whose readers take a trickle do not hold the room of a third', async () => {
  const [one, two, third] = await serveFiles(3);
  const slow = await Promise.all([begin(one!), begin(two!)]);
  expect(slow.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  const cut = slow.map((reader) => expect(take(reader, TRICKLE_REST_MS)).rejects.toThrow('aborted'));
  const next = await begin(third!);
  expect(next.statusCode).toBe(200);
  expect(await take(next)).toBe(FILE.byteLength);
  await Promise.all(cut);
});

// sabotage: src/assets/files/server.ts :: await body.cancel(); =>
test('who asks for the head alone holds nothing', async () => {
  const url = await serveFile();
  for (let time = 0; time < 3; time += 1) {
    const [answer] = (await once(request(url, { method: 'HEAD' }).end(), 'response')) as [IncomingMessage];
    answer.resume();
    expect([answer.statusCode, answer.headers['content-length']]).toEqual([200, String(FILE.byteLength)]);
  }
});
