import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../../examples/server/authority.ts';
import { systemClock } from '../clock.ts';
import { createEgressGuard, type Resolve } from './guard.ts';
import { createGuardedPost, type PostRequest } from './post.ts';
import { serve, serveTls } from './test-servers.ts';

function client(
  allowTargets: string | undefined,
  more: { resolve?: Resolve; extraCa?: string; httpsOnly?: boolean } = {},
) {
  const { extraCa, httpsOnly = false, ...guardDeps } = more;
  const guard = createEgressGuard({ allowTargets, ...guardDeps });
  const post = createGuardedPost({ guard, clock: systemClock, httpsOnly, extraCa });
  return (url: string, request: Partial<PostRequest> = {}) =>
    post({
      url,
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
      timeoutMs: 3_000,
      excerptBytes: 64,
      signal: new AbortController().signal,
      ...request,
    });
}

const daysFromNow = (n: number) => new Date(Date.now() + n * 86_400_000);

test('the body arrives as it is, with its headers, and the beginning of the answer comes back', async () => {
  const bodies: string[] = [];
  const { port } = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
    response.writeHead(202, { 'X-Seen': 'yes' }).end('t'.repeat(100_000));
  });
  const answer = await client(`hooks.test:${port}=127.0.0.1`)(`http://hooks.test:${port}/in?a=b`);
  expect(bodies).toEqual(['POST /in?a=b application/json {"a":1}']);
  expect(answer).toMatchObject({ status: 202, headers: { 'x-seen': 'yes' }, excerpt: 't'.repeat(64) });
});

describe('where it does not go', () => {
  const refused = { code: 'target_forbidden' };

  test('to addresses that are not public, given as such or by a name', async () => {
    const send = client(undefined, { resolve: async () => [{ address: '10.0.0.7', family: 4 }] });
    for (const host of ['127.0.0.1', '169.254.169.254', '[::1]', 'localhost', 'hooks.example']) {
      await expect(send(`http://${host}/`), host).rejects.toMatchObject(refused);
    }
  });

  test('where a name leads by now, whatever it led to when it was judged before', async () => {
    let address = '93.184.216.34';
    const resolve: Resolve = async () => [{ address, family: 4 }];
    const guard = createEgressGuard({ allowTargets: undefined, resolve });
    expect((await guard.resolve('rebind.example', 80)).address).toBe(address);
    const send = client(undefined, { resolve });
    for (address of ['127.0.0.1', '169.254.169.254', '::ffff:10.0.0.1']) {
      await expect(send('http://rebind.example/'), address).rejects.toMatchObject(refused);
    }
  });

  test('after a redirect, wherever it leads', async () => {
    let seen = 0;
    const { port } = await serve((request, response) => {
      seen += 1;
      const location = request.url === '/own' ? '/next' : 'http://169.254.169.254/latest/meta-data/';
      response.writeHead(307, { location }).end();
    });
    const send = client(`hooks.test:${port}=127.0.0.1`);
    for (const path of ['/own', '/meta']) {
      expect((await send(`http://hooks.test:${port}${path}`)).status).toBe(307);
    }
    expect(seen).toBe(2);
  });

  test('over plain http, where only https is allowed', async () => {
    const send = client('hooks.test:80=127.0.0.1', { httpsOnly: true });
    await expect(send('http://hooks.test/')).rejects.toMatchObject(refused);
  });

  test('to a server whose certificate nobody vouches for', async () => {
    const authority = await createAuthority();
    const term = { notBefore: daysFromNow(-1), notAfter: daysFromNow(30) };
    let seen = 0;
    const { port } = await serveTls(
      await authority.issue({ names: ['hooks.test'], ...term }),
      (_, response) => {
        seen += 1;
        response.end('ok');
      },
    );
    const allow = `hooks.test:${port}=127.0.0.1`;
    await expect(client(allow)(`https://hooks.test:${port}/`)).rejects.toMatchObject({ code: 'unreachable' });
    expect(seen).toBe(0);
    const trusted = client(allow, { extraCa: authority.certificatePem, httpsOnly: true });
    expect((await trusted(`https://hooks.test:${port}/`)).status).toBe(200);
    expect(seen).toBe(1);
  });
});

describe('how long it waits', () => {
  test('a server that says nothing costs the time limit and no more', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const send = client(`hooks.test:${port}=127.0.0.1`);
    const url = `http://hooks.test:${port}/`;
    await expect(send(url, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'timeout' });
  });

  test('a body that never ends takes nothing from the status that came before it', async () => {
    const { port } = await serve((_request, response) => {
      response.writeHead(200);
      response.write('drip');
    });
    const send = client(`hooks.test:${port}=127.0.0.1`);
    const answer = await send(`http://hooks.test:${port}/`, { timeoutMs: 300 });
    expect(answer).toMatchObject({ status: 200, excerpt: 'drip' });
  });

  test('it ends at once with the signal', async () => {
    const { port } = await serve(() => {});
    const stopping = new AbortController();
    const pending = client(`hooks.test:${port}=127.0.0.1`)(`http://hooks.test:${port}/`, {
      signal: stopping.signal,
    });
    setTimeout(() => stopping.abort(new Error('the worker stops')), 50);
    await expect(pending).rejects.toThrow('the worker stops');
  });
});
