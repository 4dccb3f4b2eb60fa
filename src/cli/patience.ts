import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than a full bucket takes to give one request back, by far. */
const LONGEST_WAIT_SECONDS = 30;
const ATTEMPTS = 60;

/**
 * Sends again what the server had too many requests to look at, after the time that it names; nothing of it
 * was done. Those who wait take turns, so that they do not use up together what comes back one by one.
 */
export function createPatience(): (send: () => Promise<Response>) => Promise<Response> {
  let turn: Promise<unknown> = Promise.resolve();
  return async (send) => {
    const first = await send();
    if ((await secondsToWait(first)) === null) return first;
    const patient = turn.then(() => sendPatiently(send, first));
    turn = patient.catch(() => {});
    return patient;
  };
}

async function sendPatiently(send: () => Promise<Response>, refused: Response): Promise<Response> {
  let response = refused;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const seconds = await secondsToWait(response);
    if (seconds === null) break;
    await sleep(seconds * 1_000);
    response = await send();
  }
  return response;
}

/** Null for every answer that waiting would not change: a quota or a budget is 429 too. */
async function secondsToWait(response: Response): Promise<number | null> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  if (response.status !== 429 || !(seconds <= LONGEST_WAIT_SECONDS)) return null;
  const body = (await response
    .clone()
    .json()
    .catch(() => null)) as { error?: unknown } | null;
  return body?.error === 'rate_limit_exceeded' ? seconds : null;
}
