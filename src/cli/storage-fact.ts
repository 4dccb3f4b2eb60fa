import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { composeStorage } from '../../temporal/storage.ts';
import { StorageError } from '../assets/files/port.ts';
import { tryStorage } from '../assets/files/probe.ts';
import { readConfig } from '../runtime/config.ts';
import type { DoctorFact } from '../stack/doctor.ts';

/** Where files are stored, and whether one could be written there and read back. */
export async function storageFact(
  environment: NodeJS.ProcessEnv,
  dataDir: string,
): Promise<Omit<DoctorFact, 'part'> & { part: 'Files' }> {
  const fact = { part: 'Files', version: null } as const;
  try {
    const config = readConfig(environment);
    const dir = config.AGOS_ASSETS_DIR ?? join(dataDir, 'assets');
    const storage = composeStorage({ ...config, AGOS_ASSETS_DIR: dir });
    const source = sourceOf(environment);
    const about = { ...fact, source, where: `${storage.provider}: ${storage.where}` };
    if (storage.provider === 'folder' && !existsSync(dir)) {
      return { ...about, ok: true, notes: ['Not there yet: it is made with the first file.'] };
    }
    await tryStorage(storage);
    return { ...about, ok: true, notes: ['A file was written there, read back and removed.'] };
  } catch (error) {
    const note = error instanceof StorageError ? error.detail : (error as Error).message;
    return { ...fact, ok: false, source: sourceOf(environment), where: null, notes: [note] };
  }
}

function sourceOf(environment: NodeJS.ProcessEnv): string {
  if (environment.AGOS_S3_BUCKET) return 'AGOS_S3_BUCKET';
  return environment.AGOS_ASSETS_DIR ? 'AGOS_ASSETS_DIR' : 'the data folder';
}
