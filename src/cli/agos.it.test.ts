import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('./agos.mjs', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** An older Node of this machine; on a machine that has none, these tests run the launcher on Node 24 only. */
function olderNode(): string | undefined {
  const candidates = ['/usr/bin/node', '/usr/local/bin/node'].filter((path) => existsSync(path));
  return candidates.find((path) => {
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' });
    return Number.parseInt(version.slice(1), 10) < 24;
  });
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agos-launcher-'));
  await copyFile(launcher, join(folder, 'agos.mjs'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function program(source: string): Promise<string> {
  await writeFile(join(folder, 'main.ts'), source);
  return join(folder, 'agos.mjs');
}

const reporting = `const report: { node: string; args: string[] } = { node: process.versions.node, args: process.argv.slice(2) };
console.log(JSON.stringify(report));
process.exitCode = 4;`;

for (const [name, node] of [
  ['Node 24', process.execPath],
  ['an older Node', olderNode()],
] as const) {
  test(`started by ${name}, the program runs on Node 24 with its arguments and its exit code`, async (context) => {
    if (!node) return context.skip('this machine has no older Node');
    await symlink(modules, join(folder, 'node_modules'));
    const ran = spawnSync(node, [await program(reporting), 'triage', '--json', 'a b'], { encoding: 'utf8' });
    const report = JSON.parse(ran.stdout) as { node: string; args: string[] };
    expect(report.args).toEqual(['triage', '--json', 'a b']);
    expect(Number.parseInt(report.node, 10)).toBeGreaterThanOrEqual(24);
    expect(ran.status).toBe(4);
  });

  test(`started by ${name}, a signal reaches the program and its exit code comes back`, async (context) => {
    if (!node) return context.skip('this machine has no older Node');
    await symlink(modules, join(folder, 'node_modules'));
    const path = await program(
      `process.on('SIGINT', () => process.exit(130)); console.log('up'); setInterval(() => {}, 1e6);`,
    );
    const child = spawn(node, [path], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(130);
  });
}

test('without any Node 24 one sentence says what to do', async (context) => {
  const node = olderNode();
  if (!node) return context.skip('this machine has no older Node');
  await mkdir(join(folder, 'node_modules'));
  const ran = spawnSync(node, [await program(reporting)], { encoding: 'utf8' });
  expect(ran.status).toBe(3);
  expect(ran.stderr).toMatch(/^AgOS needs Node 24 and this is Node \d+\..*: run "npm ci" .*\n$/);
});
