import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../../src/stack/progress.ts';
import { routeList } from '../support/route-list.ts';
import type { TestTenant } from '../support/tenant.ts';
import { provideSchemathesis } from './provide-schemathesis.ts';
import { type FuzzStack, startFuzzStack } from './stack.ts';
import { createFuzzTenant, digestOf, idsOf } from './tenants.ts';

/**
 * `npm run test:fuzz [-- --minutes N --seed N]`: schemathesis over the OpenAPI document, with the key of one
 * tenant and then with that of another. Ends with 1 when an answer is a server error or breaks the document,
 * or when a row of the other tenant shows or changes.
 */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
if (!(minutes > 0) || !Number.isInteger(seed))
  throw new Error('--minutes is a number above 0, --seed a whole one');

const progress = createProgress();
const program = await provideSchemathesis(process.env, progress);
progress.line(`fuzzer: ${minutes} minutes with --seed ${seed}`);
const stack = await startFuzzStack();
const folder = await mkdtemp(join(tmpdir(), 'agos-fuzz-'));
const failures: string[] = [];
try {
  const one = await createFuzzTenant(stack.database, `marker-${crypto.randomUUID()}`);
  const two = await createFuzzTenant(stack.database, `marker-${crypto.randomUUID()}`);
  failures.push(
    ...(await fuzz('the first tenant', one, two)),
    ...(await fuzz('the second tenant', two, one)),
  );
} finally {
  await stack.close();
  await rm(folder, { recursive: true, force: true });
}
for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
process.stdout.write(
  failures.length === 0 ? `nothing found with --seed ${seed}\n` : `found with --seed ${seed}\n`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

/** Fuzzes with the owner's key of one tenant; what it found, in sentences. */
async function fuzz(name: string, tenant: TestTenant, other: TestTenant): Promise<string[]> {
  const { admin } = stack.database;
  const before = await digestOf(admin, other.id);
  const facts = join(folder, 'facts.json');
  await writeFile(facts, JSON.stringify(await factsOf(tenant, other)));
  const stopKeeping = keepAlive(stack, tenant);
  const code = await schemathesis(tenant.keys.owner.key, facts);
  stopKeeping();
  const after = await digestOf(admin, other.id);
  const changed = Object.keys(before).filter((table) => before[table] !== after[table]);
  return [
    ...(code === 0 ? [] : [`schemathesis ended with ${code} for ${name}`]),
    ...changed.map((table) => `rows of the other tenant changed in ${table} while ${name} asked`),
  ];
}

async function factsOf(tenant: TestTenant, other: TestTenant): Promise<object> {
  const { admin } = stack.database;
  const own = await idsOf(admin, tenant.id);
  const foreign = await idsOf(admin, other.id);
  // The fuzzer goes on asking with this key.
  own.api_keys = own.api_keys!.filter((id) => id !== tenant.keys.owner.id);
  const marker = /marker-\S+/.exec(other.name)![0];
  return { own, foreign, foreign_texts: [other.id, marker, ...Object.values(foreign).flat()] };
}

/** The fuzzer may revoke its own key or stop its tenant; then nothing else would be tried any more. */
function keepAlive({ database: { admin } }: FuzzStack, { id, keys }: TestTenant): () => void {
  const timer = setInterval(() => {
    const mend = async (): Promise<void> => {
      await admin`update api_keys set revoked_at = null where tenant_id = ${id} and id = ${keys.owner.id}`;
      await admin`update kill_switches set turned_off_at = now(), turned_off_by = ${keys.owner.id}
        where tenant_id = ${id} and turned_off_at is null`;
    };
    void mend();
  }, 300);
  return () => clearInterval(timer);
}

function schemathesis(key: string, facts: string): Promise<number> {
  // Their answers do not end; `src/control/events/streams.it.test.ts` is about them.
  const endless = routeList().filter(({ responses }) => Object.values(responses).some(({ live }) => live));
  const args = [
    ...['--config-file', join(import.meta.dirname, 'schemathesis.toml')],
    ...['run', `${stack.url}/openapi.json`, '--header', `Authorization: Bearer ${key}`, '--checks', 'all'],
    ...[
      '--max-time',
      String(Math.round(minutes * 30)),
      '--seed',
      String(seed),
      '--generation-database',
      'none',
    ],
    ...['--continue-on-failure', '--request-timeout', '20', '--no-color', '--suppress-health-check', 'all'],
    ...endless.flatMap(({ operationId }) => ['--exclude-operation-id', operationId]),
  ];
  const environment = { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: import.meta.dirname };
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...environment, AGOS_FUZZ_FACTS: facts, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
