import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSite } from '../../../examples/server/index.ts';
import { startScanner } from '../../confusion/scan.ts';

/** Scans example sites with the real scanner and stores what it found: `node tests/support/facts/record.ts SITE...` */
const sites = join(import.meta.dirname, '../../../examples/sites');
const folders = process.argv.slice(2).map((name) => join(sites, name));
const scanner = await startScanner({ folders, now: new Date(), fast: false });
try {
  for (const folder of folders) {
    const { pictures, ...facts } = await scanner.scan(readSite(folder));
    const name = join(import.meta.dirname, folder.split('/').at(-1) ?? 'site');
    writeFileSync(`${name}.json`, `${JSON.stringify(facts, null, 1)}\n`);
    writeFileSync(`${name}.jpg`, pictures.phone);
  }
} finally {
  await scanner.close();
}
