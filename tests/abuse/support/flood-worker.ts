import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import type { FloodOrder, FloodReport } from './flood.ts';

const STEP_MS = 20;
const { url, kind, perSecond, key, lead } = workerData as FloodOrder;
const agent = new Agent({ keepAlive: true, maxSockets: 32 });
const report: FloodReport = { sent: 0, statuses: {}, withoutRetryAfter: 0 };
const open = new Set<Promise<void>>();
let timer: NodeJS.Timeout | undefined;

const PATHS = { 'triage posts': `/v1/leads/${lead}/triage`, logins: '/v1/me', nothing: '/v1/nothing' };

/** Another address in each request, as if that made another sender of it. */
const anyAddress = (): string => Array.from({ length: 4 }, () => randomInt(1, 255)).join('.');
const wrongKey = (): string => `agos_00000000_${randomBytes(32).toString('base64url')}`;

function send(): Promise<void> {
  const bearer = kind === 'logins' ? wrongKey() : key;
  const options = {
    agent,
    method: kind === 'triage posts' ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${bearer}`, 'x-forwarded-for': anyAddress() },
  };
  report.sent += 1;
  return new Promise((resolve) => {
    const asking = request(`${url}${PATHS[kind]}`, options, (answer) => {
      const status = answer.statusCode ?? 0;
      report.statuses[status] = (report.statuses[status] ?? 0) + 1;
      if (status === 429 && !answer.headers['retry-after']) report.withoutRetryAfter += 1;
      answer.resume().once('end', resolve);
    });
    asking.once('error', () => resolve());
    asking.end();
  });
}

function sendSome(): void {
  for (let index = 0; index < (perSecond * STEP_MS) / 1_000; index += 1) {
    const sending = send().finally(() => open.delete(sending));
    open.add(sending);
  }
}

parentPort?.on('message', async (word: 'start' | 'pause' | 'end') => {
  clearInterval(timer);
  if (word === 'start') timer = setInterval(sendSome, STEP_MS);
  if (word !== 'end') return;
  await Promise.all(open);
  parentPort?.postMessage(report);
});
