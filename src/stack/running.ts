import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { definedIn, type Environment } from './cache.ts';
import { type Lock, LockHeldError, lockHolder, takeLock } from './lock.ts';

/** What another command needs to use a stack that runs: `<dataDir>/stack.json`, readable by its owner only. */
export type StackRecord = { pid: number; variables: Record<string, string> };

/** A second stack was asked for on a folder that one runs on. */
export class StackRunsError extends Error {
  constructor(dataDir: string, holder: string) {
    super(`A stack runs on ${dataDir} already, as ${holder}: use it, end it, or give another data folder.`);
    this.name = 'StackRunsError';
  }
}

/** Takes a data folder for one stack; throws a sentence that names the process that has it. */
export async function takeDataDir(dataDir: string): Promise<Lock> {
  try {
    return await takeLock(lockPath(dataDir), `process ${process.pid}`);
  } catch (error) {
    if (error instanceof LockHeldError) throw new StackRunsError(dataDir, error.holder);
    throw error;
  }
}

/**
 * An environment in which AgOS uses this stack. TLS, a key or a profile meant for another Temporal server
 * must not reach the one that the stack has started, so they are left out.
 */
export function withStack(base: Environment, variables: Record<string, string>): Record<string, string> {
  const hasTemporal = 'TEMPORAL_ADDRESS' in variables;
  const kept = Object.entries(definedIn(base)).filter(
    ([name]) => !(hasTemporal && name.startsWith('TEMPORAL_')),
  );
  return { ...Object.fromEntries(kept), ...variables };
}

/** Says how to reach this stack's parts, until `forgetStack`. */
export async function recordStack(dataDir: string, variables: Record<string, string>): Promise<void> {
  const record: StackRecord = { pid: process.pid, variables };
  await writeFile(`${recordPath(dataDir)}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await rename(`${recordPath(dataDir)}.new`, recordPath(dataDir));
}

/** Removes the record when a stack ends. */
export async function forgetStack(dataDir: string): Promise<void> {
  await rm(recordPath(dataDir), { force: true });
}

/** The stack that runs on a data folder; `undefined` when none does, whatever a crash has left there. */
export async function readRunningStack(dataDir: string): Promise<StackRecord | undefined> {
  if ((await lockHolder(lockPath(dataDir))) === undefined) return undefined;
  try {
    return JSON.parse(await readFile(recordPath(dataDir), 'utf8')) as StackRecord;
  } catch {
    return undefined; // still starting
  }
}

function recordPath(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

function lockPath(dataDir: string): string {
  return join(dataDir, 'stack');
}
