import { createHash, randomBytes } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type OsUser, SHARED_ROOT } from '../unprivileged.ts';

/** What a database's data folder remembers about itself: `<dataDir>/postgres.json`, readable by its owner only. */
export type DatabaseRecord = {
  /** The data folder this was written for; differs when the folder was copied or moved. */
  data_dir: string;
  /** Where the cluster and its log live. */
  home: string;
  port: number | null;
  admin_password: string;
  runtime_password: string;
  system_password: string;
};

/** Reads the record of a data folder, or begins one with random passwords. */
export async function openRecord(dataDir: string, user: OsUser | undefined): Promise<DatabaseRecord> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const real = realpathSync(dataDir);
  const known = await readRecord(real);
  if (known && !isCopy(known, real, user)) {
    if (!user) known.home = join(real, 'postgres');
    known.data_dir = real;
    return known;
  }
  const record: DatabaseRecord = {
    data_dir: real,
    home: user ? sharedHome(real) : join(real, 'postgres'),
    port: null,
    admin_password: secret(),
    runtime_password: secret(),
    system_password: secret(),
  };
  await saveRecord(record);
  return record;
}

/** Writes the record in one step, so that a crash leaves the old or the new one. */
export async function saveRecord(record: DatabaseRecord): Promise<void> {
  const path = recordPath(record.data_dir);
  await writeFile(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
}

async function readRecord(dataDir: string): Promise<DatabaseRecord | undefined> {
  if (!existsSync(recordPath(dataDir))) return undefined;
  try {
    const record = JSON.parse(await readFile(recordPath(dataDir), 'utf8')) as DatabaseRecord;
    if (record.home && record.admin_password) return record;
  } catch {
    // Falls through to the sentence below.
  }
  throw new Error(
    `${recordPath(dataDir)} cannot be read: move ${dataDir} away to begin with an empty database.`,
  );
}

/** As root a copied data folder would share the original's cluster, which lives elsewhere. */
function isCopy(record: DatabaseRecord, dataDir: string, user: OsUser | undefined): boolean {
  return user !== undefined && record.data_dir !== dataDir && existsSync(recordPath(record.data_dir));
}

/** A random part, so that a deleted data folder means a new database and never the old one found again. */
function sharedHome(dataDir: string): string {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return join(SHARED_ROOT, `${hash}-${randomBytes(3).toString('hex')}`);
}

function recordPath(dataDir: string): string {
  return join(dataDir, 'postgres.json');
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}
