import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readSite } from '../../../examples/server/index.ts';
import { startScanner } from '../../confusion/scan.ts';

/** Scans example sites with the real scanner and stores what it found: `node tests/support/facts/record.ts SITE...` */
const sites = join(import.meta.dirname, '../../../examples/sites');
const folders = process.argv.slice(2).map((name) => join(sites, name));
const scanner = await startScanner({ folders, now: new Date(), fast: false });
try {
  for (const folder of folders) {
    const { pictures, ...facts } = await scanner.scan(readSite(folder));
    writeFileSync(
      join(import.meta.dirname, `${basename(folder)}.json`),
      `${JSON.stringify(facts, null, 1)}\n`,
    );
    process.stdout.write(`${basename(folder)}: ${pictures.phone.length} bytes of picture left out\n`);
  }
} finally {
  await scanner.close();
}
