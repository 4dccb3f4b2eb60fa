import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { FAILURE_CONVERTER_PATH } from './codec/data-converter.ts';

const WORKFLOWS_PATH = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));
const INTERCEPTOR = fileURLToPath(new URL('../workflows/lib/trace-interceptor.ts', import.meta.url));
const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

export type BundleOptions = {
  /** Whether the payload codec is on: failures must then be written the same way inside the workflow. */
  encrypted: boolean;
  workflowsPath?: string;
};

/** Bundles all workflows; fails when one of them imports what may not run in a workflow. */
export async function bundleWorkflows(options: BundleOptions): Promise<{ code: string }> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: options.workflowsPath ?? WORKFLOWS_PATH,
    workflowInterceptorModules: [INTERCEPTOR],
    ...(options.encrypted ? { failureConverterPath: FAILURE_CONVERTER_PATH } : {}),
    logger: new DefaultLogger('WARN'),
  });
  return { code };
}

/** Where a build left the bundle: production never falls back to bundling, which would hide a broken build. */
export function bundleFile(encrypted: boolean): string {
  return join(DIST, encrypted ? 'workflows-encrypted.js' : 'workflows.js');
}

/** Writes both bundles, for workers with the payload codec on and off. */
export async function buildBundles(): Promise<string[]> {
  await mkdir(DIST, { recursive: true });
  const files: string[] = [];
  for (const encrypted of [false, true]) {
    const file = bundleFile(encrypted);
    await writeFile(file, (await bundleWorkflows({ encrypted })).code);
    files.push(file);
  }
  return files;
}

if (import.meta.main) console.log((await buildBundles()).join('\n'));
