import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Secrets that one local stack makes for itself and keeps, so that histories and links stay readable. */
export type LocalSecrets = {
  AGOS_SIGNING_SECRET: string;
  AGOS_PAYLOAD_KEYS: string;
  AGOS_CODEC_TOKEN: string;
};

/** The secrets of a data folder, made at the first call; the file is readable by this user only. */
export function localSecrets(folder: string): LocalSecrets {
  const file = join(folder, 'secrets.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LocalSecrets;
  } catch {
    const secrets = {
      AGOS_SIGNING_SECRET: randomBytes(32).toString('base64url'),
      AGOS_PAYLOAD_KEYS: `local-1:${randomBytes(32).toString('base64')}`,
      AGOS_CODEC_TOKEN: randomBytes(24).toString('base64url'),
    };
    writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
    return secrets;
  }
}
