#!/usr/bin/env node
// Plain JavaScript on purpose: this file also runs on Node 20, only to hand over to Node 24.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const main = fileURLToPath(new URL('./main.ts', import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  process.argv[1] = main;
  await import('./main.ts');
} else {
  handOver(packagedNode());
}

/** The Node 24 that comes as an optional dependency; ends with a sentence where it is missing. */
function packagedNode() {
  try {
    const require = createRequire(import.meta.url);
    const folder = dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`));
    return join(folder, 'bin', 'node');
  } catch {
    console.error(
      `AgOS needs Node ${NEEDED_MAJOR} and this is Node ${process.versions.node}: ` +
        'run "npm ci" without --omit=optional, or install Node 24 from nodejs.org.',
    );
    process.exit(3);
  }
}

function handOver(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal sends Ctrl-C to both of us; forwarding it as well would count as pressing it twice.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  child.on('error', (error) => {
    console.error(`Node ${NEEDED_MAJOR} at ${node} does not start: ${error.message}. Run "npm ci" again.`);
    process.exit(3);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}
