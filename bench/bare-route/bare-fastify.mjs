import fastify from 'fastify';
import { serveCalls } from '../harness/serve-calls.mjs';
import { openQuery } from './query.mjs';

const query = openQuery();
const app = fastify();
app.get('/leads', (request) => query.list(request.headers['x-tenant']));
await app.listen({ host: '127.0.0.1', port: 0 });

serveCalls({ port: () => app.server.address().port }, async () => {
  await app.close();
  await query.close();
});
