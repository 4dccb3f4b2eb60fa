import autocannon from 'autocannon';
import { Pool } from 'undici';
import { serveCalls } from '../harness/serve-calls.mjs';

const CONNECTIONS = 50;

/** Every single answer is looked at: as many rows as there should be, and each of the tenant that asked. */
function isOwn(body, { mark, rows }) {
  const all = body.split('"domain":"').length - 1;
  return all === rows && body.split(`"domain":"${mark}`).length - 1 === rows;
}

/** Requests per second when every connection asks again as soon as it is answered. */
async function ceiling({ url, callers, seconds }) {
  let foreign = 0;
  const requests = callers.map((caller) => ({
    headers: caller.headers,
    onResponse: (status, body) => {
      if (status === 200 && !isOwn(body, caller)) foreign += 1;
    },
  }));
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds, requests });
  if (result.errors > 0) throw new Error(`${result.errors} requests failed`);
  return {
    requests_s: result['2xx'] / result.duration,
    requests: result['2xx'],
    refused: result.non2xx,
    foreign,
  };
}

/**
 * Latencies at a constant rate, each counted from the moment it was due, so that a slow answer also counts
 * for those that wait behind it.
 */
async function atRate({ url, callers, seconds, rate }) {
  const { origin, pathname, search } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const latencies = [];
  let [foreign, refused] = [0, 0];
  const ask = async (dueMs, caller) => {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: pathname + search,
      headers: caller.headers,
    });
    const text = await body.text();
    latencies.push(performance.now() - dueMs);
    if (statusCode !== 200) refused += 1;
    else if (!isOwn(text, caller)) foreign += 1;
  };
  const startedMs = performance.now();
  const all = [];
  while (all.length < rate * seconds) {
    for (let due = startedMs + (all.length / rate) * 1000; due <= performance.now(); ) {
      all.push(ask(due, callers[all.length % callers.length]));
      due = startedMs + (all.length / rate) * 1000;
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(all);
  await pool.close();
  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.ceil(share * sorted.length) - 1];
  return { p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99), requests: all.length, refused, foreign };
}

serveCalls({ ceiling, atRate });
