import { expect, onTestFinished, test } from 'vitest';
import { identityOf } from '../../access/identity/identity.ts';
import { AgosError } from '../../kernel/errors.ts';
import { newId } from '../../runtime/ids.ts';
import { listen } from '../listen.ts';
import { pagedText } from './export.ts';

const [tenant, key] = [newId(), newId()];
const as = (role: 'owner' | 'editor') =>
  identityOf({
    tenant: { id: tenant, name: 'Acme', status: 'active', plan: 'ignition' },
    principal: { kind: 'key', id: key, name: null },
    role,
  });

/** Three pages; each says whether its reader sees all. */
const textOf = (identify: () => Promise<ReturnType<typeof as>>) =>
  pagedText({ identity: as('owner'), identify }, 'head,', async ({ actor }, after) => {
    const page = Number(after?.key ?? 0);
    return { text: `${page}:${actor.seesAll},`, next: page < 2 ? { key: String(page + 1), id: '' } : null };
  });

// sabotage: src/api/kit/export.ts :: const { scope } = begun ? await confirmed(caller) : caller.identity; => const { scope } = caller.identity;
test('each page is read as who the caller is by then', async () => {
  const text = textOf(async () => as('editor'));
  expect(await new Response(text).text()).toBe('head,0:true,1:false,2:false,');
});

test('an export whose caller is refused in the middle is broken off, not complete', async () => {
  let asked = 0;
  const identify = async () => {
    asked += 1;
    if (asked > 1) throw new AgosError('token_invalid', 'This key is gone.');
    return as('owner');
  };
  const fetchExport = () => new Response(textOf(identify));
  const server = await listen({ fetch: fetchExport }, { hostname: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  const taken = fetch(`http://127.0.0.1:${server.port}/`).then((answer) => answer.text());
  await expect(taken).rejects.toThrow();
  expect(asked).toBe(2);
});
