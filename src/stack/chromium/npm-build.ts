import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createBrotliDecompress } from 'node:zlib';
import { openToAll } from '../unprivileged.ts';
import type { Attempt, ChromiumContext } from './types.ts';

const run = promisify(execFile);

/** A build without graphics libraries brings its own fonts; these may be used beside the system's. */
const FONT_CONFIGURATION = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">fonts</dir>
  <cachedir>/tmp/agos-fonts-cache</cachedir>
</fontconfig>
`;

/** The browser gets an empty environment, so what it needs to know is said by this script. */
const START_SCRIPT = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export FONTCONFIG_PATH="$here" LD_LIBRARY_PATH="$here/lib"
exec "$here/chromium" "$@"
`;

/** The build from npm when an earlier start has unpacked it. */
export async function findNpmBuild(context: ChromiumContext): Promise<Attempt> {
  const source = await locatePackage();
  if (!source) return { problem: 'the package @sparticuz/chromium is not installed' };
  const path = startScriptIn(targetOf(context, source.version));
  return existsSync(path) ? { path } : { problem: 'not unpacked' };
}

/** Unpacks the build that comes with npm to where the browser's user can run it. */
export async function unpackNpmBuild(context: ChromiumContext): Promise<Attempt> {
  const source = await locatePackage();
  if (!source)
    return { problem: 'the package @sparticuz/chromium is not installed (npm ci with optional packages)' };
  const target = targetOf(context, source.version);
  const half = `${target}.${process.pid}`;
  context.progress.working('Chromium: unpacking the build from npm');
  try {
    await mkdir(half, { recursive: true, mode: 0o755 });
    await unpack(source.folder, half);
    await openToAll(half);
    await rm(target, { recursive: true, force: true });
    await rename(half, target);
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return { path: startScriptIn(target) };
}

async function unpack(packageDir: string, target: string): Promise<void> {
  const archive = (name: string): string => join(packageDir, 'bin', name);
  const binary = join(target, 'chromium');
  await pipeline(
    createReadStream(archive('chromium.br')),
    createBrotliDecompress(),
    createWriteStream(binary),
  );
  await chmod(binary, 0o755);
  await untar(archive('swiftshader.tar.br'), target);
  await untar(archive('al2023.tar.br'), target); // lib/: NSS and expat, which a bare machine lacks
  await untar(archive('fonts.tar.br'), target); // fonts/ and a configuration for another place
  await writeFile(join(target, 'fonts.conf'), FONT_CONFIGURATION);
  await writeFile(startScriptIn(target), START_SCRIPT);
  await chmod(startScriptIn(target), 0o755);
}

async function inflate(archive: string, target: string): Promise<void> {
  await pipeline(createReadStream(archive), createBrotliDecompress(), createWriteStream(target));
}

async function untar(archive: string, target: string): Promise<void> {
  const plain = join(target, 'unpacking.tar');
  await inflate(archive, plain);
  await run('tar', ['-xf', plain, '--no-same-owner', '-C', target]);
  await rm(plain);
}

async function locatePackage(): Promise<{ folder: string; version: string } | undefined> {
  try {
    const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
    const folder = dirname(dirname(entry));
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version: manifest.version };
  } catch {
    return undefined;
  }
}

function targetOf(context: ChromiumContext, version: string): string {
  return join(context.folder, `chromium-npm-${version}`);
}

function startScriptIn(folder: string): string {
  return join(folder, 'chromium.sh');
}
