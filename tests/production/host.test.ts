import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createClientAddress } from '../../src/api/kit/client-address.ts';
import { parseRanges } from '../../src/runtime/addresses.ts';
import { readConfig } from '../../src/runtime/config.ts';
import { agosServices, filledExample, ROOT, readCompose } from './compose-file.ts';

const run = promisify(execFile);
const read = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8');
const GIVEN = ['https://agos.example.com', 'https://files.example.com', 'https://agency.example.com/scanner'];

let checkout: string;
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'agos-host-'));
  await mkdir(join(checkout, 'deploy/host'), { recursive: true });
  for (const file of ['.env.example', 'deploy/host/fill-env.sh', 'deploy/host/set-up.sh']) {
    await copyFile(join(ROOT, file), join(checkout, file));
  }
});
afterEach(() => rm(checkout, { recursive: true }));

const fill = (...given: string[]) => run(join(checkout, 'deploy/host/fill-env.sh'), given);
const written = (): Promise<string> => readFile(join(checkout, '.env'), 'utf8');

test('a new machine fills all that compose asks for, with secrets of its own that nobody else reads', async () => {
  await fill(...GIVEN);
  const environment = parseEnv(await written()) as Record<string, string>;
  expect(Object.keys(environment).sort()).toEqual(Object.keys(filledExample(() => '')).sort());
  expect(new Set(Object.values(environment)).size).toBe(Object.keys(environment).length);
  expect([
    environment.AGOS_PUBLIC_URL,
    environment.AGOS_ASSETS_URL,
    environment.AGOS_SCANNER_CONTACT,
  ]).toEqual(GIVEN);
  const compose = readCompose(environment);
  expect(compose.missing).toEqual([]);
  for (const [, service] of agosServices(compose)) readConfig(service.environment ?? {});
  expect((await stat(join(checkout, '.env'))).mode & 0o777).toBe(0o600);

  await rm(join(checkout, '.env'));
  await fill(...GIVEN);
  const other = parseEnv(await written());
  const same = Object.keys(other).filter((name) => other[name] === environment[name]);
  expect(same.sort()).toEqual(['AGOS_ASSETS_URL', 'AGOS_PUBLIC_URL', 'AGOS_SCANNER_CONTACT']);
});

// sabotage: deploy/host/fill-env.sh :: if [ -e .env ]; then => if false; then
test('keys that are there are kept', async () => {
  await fill(...GIVEN);
  const before = await written();
  await expect(fill(...GIVEN)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there'),
  });
  expect(await written()).toBe(before);
});

// sabotage: deploy/host/fill-env.sh :: '' | *[!A-Za-z0-9.:/@_+~-]*) => '')
test.each([
  ['https://a.example.com\nAGOS_ENV=development'],
  ['https://a.example.com/$HOME'],
  ['"https://a.example.com"'],
  [''],
])('what would be another setting or none is refused, and nothing is written: %j', async (value) => {
  await expect(fill(value, GIVEN[1]!, GIVEN[2]!)).rejects.toMatchObject({ code: 2 });
  expect(await readdir(checkout)).not.toContain('.env');
});

// sabotage: deploy/host/set-up.sh :: '' | *[!a-z0-9.-]* | example.com | *.example.com) => example.com | *.example.com)
test.each([['agos.example.com'], ['agos.host { respond ok }'], ['AGOS.host'], ['']])(
  'a machine is not set up under the name %j',
  async (name) => {
    const setUp = run(join(checkout, 'deploy/host/set-up.sh'), [
      name,
      'files.agency.host',
      'https://agency.host',
    ]);
    await expect(setUp).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('host name') });
    expect(await readdir(checkout)).not.toContain('.env');
  },
);

// sabotage: deploy/host/set-up.sh :: if ! grep -qxF "$line" .env; then => if false; then
test('a machine whose .env has another name is not set up half under each', async () => {
  await fill('https://agos.host', 'https://files.host', 'https://agency.host');
  const setUp = run(join(checkout, 'deploy/host/set-up.sh'), [
    'new.host',
    'files.host',
    'https://agency.host',
  ]);
  await expect(setUp).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('another AGOS_PUBLIC_URL'),
  });
});

test('the file for hosts has no secret, and calls what is there with as much as that asks for', async () => {
  const text = await read('deploy/host/cloud-init.yaml');
  expect(text.startsWith('#cloud-config\n')).toBe(true);
  const { runcmd } = parse(text) as { runcmd: string[] };
  const [program, ...given] = runcmd.at(-1)!.split(' ');
  expect((await stat(join(ROOT, program!.replace('/opt/agos/', '')))).mode & 0o111).toBe(0o111);
  expect(given).toHaveLength(3);
  for (const name of Object.keys(filledExample(() => ''))) expect(text).not.toContain(name);
  expect(text).not.toMatch(/:\/\/\S+@/);
});

test('the proxy sends two host names to the ports that compose publishes', async () => {
  const text = await read('deploy/host/set-up.sh');
  const sent = [...text.matchAll(/^(\$\w+) \{\n\treverse_proxy (\S+)\n\}$/gm)].map(([, host, to]) => [
    host,
    to,
  ]);
  const [api, files] = readCompose({}).services.api!.ports!.map((port) => port.replace(/:\d+$/, ''));
  expect(sent).toEqual([
    ['$api', api],
    ['$files', files],
  ]);
  const [, trusted] = /echo "(AGOS_TRUSTED_PROXIES=.*)" >>\.env/.exec(text)!;
  const address = createClientAddress(parseRanges(parseEnv(trusted!).AGOS_TRUSTED_PROXIES!));
  expect(address('172.18.0.1', '6.6.6.6, 203.0.113.9')).toBe('203.0.113.9');
});
