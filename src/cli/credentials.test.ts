import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readCredentials, writeCredentials } from './credentials.ts';
import { localSecrets } from './secrets.ts';

test('what a stack keeps is for its user alone: folder, credentials and secrets', () => {
  // sabotage: src/cli/credentials.ts :: recursive: true, mode: 0o700 } => recursive: true }
  const parent = mkdtempSync(join(tmpdir(), 'agos-test-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const folder = join(parent, '.agos');
  const credentials = { url: 'http://127.0.0.1:1', api_key: 'agos_x' };
  writeCredentials(folder, credentials);
  localSecrets(folder);
  const modeOf = (name: string): string => (statSync(join(folder, name)).mode & 0o777).toString(8);
  expect([modeOf('.'), modeOf('credentials'), modeOf('secrets.json')]).toEqual(['700', '600', '600']);
  expect(readCredentials(folder)).toEqual(credentials);
});
