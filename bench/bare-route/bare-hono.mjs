import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { serveCalls } from '../harness/serve-calls.mjs';
import { openQuery } from './query.mjs';

const query = openQuery();
const app = new Hono();
app.get('/leads', async (c) => c.json(await query.list(c.req.header('x-tenant'))));
const { promise: port, resolve } = Promise.withResolvers();
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, (at) => resolve(at.port));

serveCalls({ port: () => port }, async () => {
  server.close();
  await query.close();
});
