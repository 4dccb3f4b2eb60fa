import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BundleOptions, bundleWorkflows } from '../../../temporal/bundle.ts';

/** Set-up of a test run: a folder in which its processes share the bundles of workflows. */
export default function shareBundles(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'agos-test-bundles-'));
  process.env.AGOS_TEST_BUNDLES = folder;
  return () => rmSync(folder, { recursive: true });
}

/** Bundles workflows once in a test run: it takes seconds of CPU time, and their files stay as they are meanwhile. */
export async function sharedBundle(options: BundleOptions): Promise<{ code: string }> {
  const folder = process.env.AGOS_TEST_BUNDLES;
  if (folder === undefined) return bundleWorkflows(options);
  const name = createHash('sha256').update(JSON.stringify(options)).digest('hex');
  const file = join(folder, `${name}.js`);
  const made = await readFile(file, 'utf8').catch(() => null);
  if (made !== null) return { code: made };
  const bundle = await bundleWorkflows(options);
  const written = `${file}.${process.pid}`;
  await writeFile(written, bundle.code);
  await rename(written, file);
  return bundle;
}
