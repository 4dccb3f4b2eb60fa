import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { provideParts } from './provide.ts';
import { testChromium } from './test-browser.ts';

test('one line for each part, Temporal from the PATH, and never a Temporal service that the environment names', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'agos-provide-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const script = "#!/bin/sh\necho 'temporal version 1.6.0 (Server 1.30.0, UI 2.4)'\n";
  await writeFile(join(folder, 'temporal'), script, { mode: 0o755 });
  const lines: string[] = [];
  const provided = await provideParts(
    {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      CHROMIUM_PATH: await testChromium(),
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_PROFILE: 'theirs',
    },
    { line: (text) => lines.push(text), working: () => undefined },
  );
  expect(lines).toEqual([
    `Node ${process.versions.node} at ${process.execPath}`,
    expect.stringMatching(/^PostgreSQL 1\d\.\d+ \(npm package\) at \//),
    `Temporal 1.30.0 (PATH) at ${join(folder, 'temporal')}`,
    expect.stringMatching(/^S3 server of the tests \d+\.\d+\.\d+ \(.+\) at \//),
    expect.stringMatching(/^Chromium \d+\..* at \//),
    'The tests are for development: AGOS_ENV=development',
  ]);
  expect(Object.keys(provided).filter((name) => name.startsWith('TEMPORAL_'))).toEqual([]);
  expect(provided.PATH).toContain(folder);
});
